# The program on a small Debian, run by a user without rights.
FROM rust:1-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && mv target/release/keepopen /keepopen

FROM debian:stable-slim
RUN useradd --system --uid 10001 --home-dir /data keepopen && install -d -o keepopen -g keepopen -m 0700 /data
COPY --from=build /keepopen /usr/local/bin/keepopen
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/keepopen/
USER keepopen
# The database and the key file live in ./data, the settings in ./keepopen.toml.
WORKDIR /data
VOLUME /data
EXPOSE 8787
ENTRYPOINT ["keepopen"]
CMD ["serve"]
