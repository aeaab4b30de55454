# What people and CI call. `make` alone prints this help.
.PHONY: help demo demo-local test lint crds crd-validation bench soak

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

demo: demo-local ## Real segments over real orders, on two ClickHouse shards of this machine

demo-local: ## The same
	cargo run --quiet --package segment-demo

test: ## All tests; they start the servers that they need, and end them
	cargo build --package embedded-clickhouse --package segment-jobs --package segmentctl
	cargo test --workspace --no-fail-fast

lint: ## Formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings

crds: ## Write the custom resource definitions anew
	cargo run --quiet --package segment-crds --bin crdgen

crd-validation: ## The API server's own validation of the custom resource definitions (needs Go)
	cd tests/crd-validation && go run . ../../crds/*.yaml

bench: ## Benchmarks; they print ratios and sizes
	cargo run --release --package segment-bench -- $(ARGS)

soak: ## Random worlds against the oracle, for long
	PROPERTY_ROUNDS=200 cargo test --release --package segment-tests --test properties -- --nocapture
