#!/usr/bin/env bash
# run.sh [ARGUMENTS OF cargo test]: installs the operator in the cluster of KUBECONFIG, as users do, runs the tests of this
# folder and, without arguments, the demo. All was built before: the cluster's network has no way out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

manifests/generate.sh --check
tests/cluster/install.sh

# The API server takes every example, and all that the overlay for production adds. Namespaces that are somebody's stay; those
# that an earlier run is still removing are waited for.
made=()
remove_made() {
  [ "${#made[@]}" = 0 ] || kubectl delete namespace "${made[@]}" --ignore-not-found --wait=false >/dev/null
}
clean() {
  remove_made || true
  [ -z "${SEGMENT_TESTS_CLUSTER:-}" ] || tests/argocd/argocd.sh down
}
trap clean EXIT
for namespace in marketing data campaigns; do
  if [ "$(kubectl get namespace "$namespace" --ignore-not-found --output 'jsonpath={.status.phase}')" = Terminating ]; then
    kubectl wait "namespace/$namespace" --for=delete --timeout=120s
  fi
  if ! kubectl get namespace "$namespace" >/dev/null 2>&1; then
    kubectl create namespace "$namespace" >/dev/null
    made+=("$namespace")
  fi
done
kubectl apply --server-side --force-conflicts --dry-run=server --filename manifests/examples --filename examples >/dev/null
kubectl kustomize manifests/overlays/production | kubectl apply --server-side --force-conflicts --dry-run=server --filename - >/dev/null
remove_made

# Argo CD as processes beside our own node. Another cluster has one of its own, or the test of it is left out.
if [ -n "${SEGMENT_TESTS_CLUSTER:-}" ]; then
  tests/argocd/argocd.sh up
fi

# These tests wait more than they work.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-4}"
cargo test --offline --package segment-operator-tests --no-fail-fast "$@"

# Every example becomes Ready, in the namespace that the demo makes and removes, with a part of the customers.
if [ "$#" = 0 ]; then
  if [[ " ${made[*]} " == *" marketing "* ]]; then
    kubectl wait namespace/marketing --for=delete --timeout=120s
    demo/cluster.sh --customers 2000
    kubectl wait namespace/marketing --for=delete --timeout=120s
  else
    echo "demo: LEFT OUT, because this cluster has a namespace marketing"
  fi
fi
