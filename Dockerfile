# The program on a small Debian, run by a user without rights.
FROM rust:1-slim AS build
# A compiler of the image's own Debian; a version pinned here would be gone when the image moves on.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && mv target/release/keepopen /keepopen

FROM debian:stable-slim
RUN groupadd --system --gid 10001 keepopen && useradd --system --uid 10001 --gid 10001 --home-dir /data keepopen && install -d -o keepopen -g keepopen -m 0700 /data
COPY --from=build /keepopen /usr/local/bin/keepopen
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/keepopen/
# By number, so that a host can tell that it is not root.
USER 10001:10001
# The database and the key file live in ./data, the settings in ./keepopen.toml.
WORKDIR /data
VOLUME /data
EXPOSE 8787
HEALTHCHECK CMD ["keepopen", "health"]
ENTRYPOINT ["keepopen"]
CMD ["serve"]
