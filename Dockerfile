# The images of the operator and of the data plane:
#   docker build --target segment-operator --tag REGISTRY/segment-operator:TAG .
#   docker build --target segment-jobs --tag REGISTRY/segment-jobs:TAG .
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --package segment-operator --package segment-jobs \
 && install -D --strip --target-directory /programs target/release/segment-operator target/release/segment-jobs

# glibc, libgcc and certificates, without a shell; the user is 65532.
FROM gcr.io/distroless/cc-debian12:nonroot AS segment-operator
COPY --from=build /programs/segment-operator /usr/local/bin/
ENTRYPOINT ["/usr/local/bin/segment-operator"]

FROM gcr.io/distroless/cc-debian12:nonroot AS segment-jobs
COPY --from=build /programs/segment-jobs /usr/local/bin/
ENTRYPOINT ["/usr/local/bin/segment-jobs"]
