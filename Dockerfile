# The images of the operator and of the data plane:
#   docker build --target segment-operator --tag REGISTRY/segment-operator:TAG .
#   docker build --target segment-jobs --tag REGISTRY/segment-jobs:TAG .
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
# The image's own Rust builds: rust-toolchain.toml asks for rustfmt and clippy too, which would be fetched for each build.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    rm rust-toolchain.toml \
 && cargo build --release --locked --package segment-operator --package segment-jobs \
 && install -D --strip --target-directory /programs target/release/segment-operator target/release/segment-jobs \
 && install -D --mode 644 --target-directory /notices LICENSE rules/data/LICENSE-BSD-3-Clause

# glibc, libgcc and certificates, without a shell. The user is a number, for only then does runAsNonRoot take it.
FROM gcr.io/distroless/cc-debian12:nonroot AS segment-operator
COPY --from=build /notices /usr/share/doc/segmentation/
COPY --from=build /programs/segment-operator /usr/local/bin/
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/segment-operator"]

FROM gcr.io/distroless/cc-debian12:nonroot AS segment-jobs
COPY --from=build /notices /usr/share/doc/segmentation/
COPY --from=build /programs/segment-jobs /usr/local/bin/
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/segment-jobs"]
