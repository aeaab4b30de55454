#!/usr/bin/env bash
# run.sh [ARGUMENTS OF cargo test]: installs the operator in the cluster of KUBECONFIG, as users do, and runs the tests of
# this folder. They were built before: the cluster's network has no way out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tests/cluster/install.sh

# The API server takes every example, and all that the overlay for production adds.
for namespace in marketing data campaigns; do
  kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --filename - >/dev/null
done
kubectl apply --server-side --force-conflicts --dry-run=server --filename manifests/examples --filename examples >/dev/null
kubectl kustomize manifests/overlays/production | kubectl apply --server-side --force-conflicts --dry-run=server --filename - >/dev/null

# Argo CD as processes beside our own node. Another cluster has one of its own, or the test of it is left out.
if [ -n "${SEGMENT_TESTS_CLUSTER:-}" ]; then
  trap 'tests/argocd/argocd.sh down' EXIT
  tests/argocd/argocd.sh up
fi

# These tests wait more than they work.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-4}"
cargo test --offline --package segment-operator-tests --no-fail-fast "$@"
