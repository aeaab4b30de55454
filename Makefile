# What people and CI call. `make` alone prints this help.
.PHONY: help demo demo-local test test-rust test-cluster bench-cluster lint argocd-check manifests manifests-check \
  shellcheck deny crds crd-validation bench soak

help: ## Print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: ## The example segments on a cluster: KUBECONFIG's, else kind, else one made here (ARGS=--keep leaves it up)
	cargo build --package segment-operator --package segment-jobs --package segmentctl --package segment-demo --package embedded-clickhouse
	@command -v clickhouse >/dev/null || $(or $(CARGO_TARGET_DIR),target)/debug/embedded-clickhouse fetch >/dev/null
	@tests/cluster/with.sh demo/cluster.sh $(ARGS)

demo-local: ## The same without a cluster, on two ClickHouse shards of this machine (ARGS=--help says more)
	cargo run --package segment-demo -- $(ARGS)

# What Go builds takes minutes when it has not been built before: the API server's own validation, Kubernetes, Argo CD. It is
# built beside the tests that wait more than they work. What fails there fails again where it is needed, and says why.
test: ## All tests; they start the servers that they need and end them
	@mkdir -p target
	@{ $(MAKE) --no-print-directory crd-validation >target/crd-validation.log 2>&1; validation=$$?; \
	  if tests/cluster/with.sh --why-not >/dev/null; then \
	    tests/cluster/with.sh --prepare && tests/argocd/argocd.sh prepare; fi >target/prepare.log 2>&1; \
	  exit $$validation; } & beside=$$!; \
	$(MAKE) --no-print-directory test-rust; rust=$$?; \
	wait $$beside; crds=$$?; cat target/crd-validation.log; \
	if why="$$(tests/cluster/with.sh --why-not)"; then $(MAKE) --no-print-directory test-cluster; \
	elif [ -z "$$CI" ]; then echo "test-cluster: LEFT OUT: $$why"; \
	else echo "test-cluster: $$why" >&2; false; fi; cluster=$$?; \
	exit $$((rust | crds | cluster))

# The oracle's tests call segmentctl, and tests start servers by the program embedded-clickhouse: build both first.
test-rust: ## Of these the ones that need no cluster
	cargo build --package embedded-clickhouse --package segment-jobs --package segmentctl
	cargo test --workspace --exclude segment-operator-tests --no-fail-fast

crd-validation: ## What the API server itself would refuse in crds/*.yaml (needs Go; left out where it is missing)
	@if command -v go >/dev/null; then \
	  cd tests/crd-validation && go run . ../../crds/*.yaml && echo "crd-validation: the API server would take crds/*.yaml"; \
	elif [ -n "$$CI" ]; then echo "crd-validation: Go is missing" >&2; exit 1; \
	else echo "crd-validation: LEFT OUT, because Go is missing; install Go 1.26 to run it"; fi

# Argo CD is built here, since the cluster of our own has no way out.
test-cluster: ## The operator and the demo on a cluster: KUBECONFIG's, else kind, else one made here (ARGS="--test lifecycle" for a part)
	tests/argocd/argocd.sh prepare
	@$(MAKE) --no-print-directory argocd-check
	cargo build --package segment-operator --package segment-jobs --package segmentctl --package segment-demo --package embedded-clickhouse
	cargo test --package segment-operator-tests --no-run
	tests/cluster/with.sh tests/operator/run.sh $(ARGS)

argocd-check: ## What Argo CD would show of each state that the operator writes, by its own Lua machine
	@argo="$$(tests/argocd/build.sh)" && "$$argo/argo" test argocd

bench-cluster: ## How long Segments take on a real cluster (ARGS="PROFILES SEGMENTS MORE ..."; else 1M, 1,000 and 9,000 more)
	cargo build --release --package segment-operator --package segment-jobs --package embedded-clickhouse
	cargo build --release --package segment-operator-tests --example figures
	SEGMENT_PROFILE=release tests/cluster/with.sh tests/operator/figures.sh $(or $(ARGS),1000000 1000 9000)

manifests: ## Write manifests/install.yaml and argocd/argocd-cm.yaml anew
	manifests/generate.sh

manifests-check: ## Whether it is up to date, and the kustomizations sound
	manifests/generate.sh --check

lint: shellcheck ## Formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings

shellcheck: ## Lints of the shell scripts (left out where shellcheck is missing)
	@if command -v shellcheck >/dev/null; then shellcheck -x .ci/run tests/*/*.sh manifests/*.sh demo/*.sh argocd/*.sh; \
	elif [ -n "$$CI" ]; then echo "shellcheck is missing" >&2; exit 1; \
	else echo "shellcheck: LEFT OUT, because it is missing"; fi

deny: ## Licences, bans and sources of all dependencies (needs cargo-deny)
	cargo deny check licenses bans sources

crds: ## Write the custom resource definitions in crds/*.yaml and docs/api-reference.md anew
	cargo run --quiet --package segment-crds --bin crdgen

bench: ## Benchmarks: they print times, ratios and sizes (ARGS="alone --profiles 10000000" for one of them)
	cargo build --release --package segment-bench
	@for figure in $(if $(ARGS),"$(ARGS)",alone together kinds load); do \
	  echo "== $$figure"; $(or $(CARGO_TARGET_DIR),target)/release/segment-bench $$figure || exit 1; \
	done

soak: ## Random worlds against the oracle, jobs killed anywhere, a quiet cluster, for long (SEGMENT_TESTS_SEED begins elsewhere)
	cargo build --package segmentctl --package segment-jobs --package embedded-clickhouse
	SEGMENT_TESTS_ROUNDS=200 SEGMENT_TESTS_STORE_ROUNDS=50 \
	  cargo test --package segment-tests --test properties --test stores -- --nocapture
	SEGMENT_KILL_POINTS=3000 cargo test --package segment-tests --test kills -- --nocapture
	SEGMENT_TESTS_QUIET_SECONDS=600 $(MAKE) --no-print-directory test-cluster ARGS="--test faults -- a_quiet_store"
