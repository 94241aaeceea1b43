# The program on a slim Debian image, run by an unprivileged user.
FROM rust:1-slim AS build
# The C compiler of the image's Debian release. Its version is not pinned, since Debian removes old versions.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && mv target/release/keepopen /keepopen

FROM debian:stable-slim
RUN groupadd --system --gid 10001 keepopen && useradd --system --uid 10001 --gid 10001 --home-dir /data keepopen && install -d -o keepopen -g keepopen -m 0700 /data
COPY --from=build /keepopen /usr/local/bin/keepopen
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/keepopen/
# A numeric id, so that the host can check that it is not root.
USER 10001:10001
# The database and the key file are in ./data, the settings in ./keepopen.toml.
WORKDIR /data
VOLUME /data
EXPOSE 8787
HEALTHCHECK CMD ["keepopen", "health"]
ENTRYPOINT ["keepopen"]
CMD ["serve"]
