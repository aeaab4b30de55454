#!/usr/bin/env bash
# cluster.sh [ARGUMENTS OF segment-demo]: the demo on the cluster of KUBECONFIG. An operator that is there is left as it is;
# else it is installed, and removed at the end. Started by `make demo`, which has built the programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${SEGMENT_HOST:?state the address of this machine at which pods of your cluster reach it}"

if ! kubectl get deployment segment-operator --namespace segmentation-system >/dev/null 2>&1; then
  # Definitions that were there before may have objects, which would go with them.
  installed=manifests/overlays/demo
  if kubectl get customresourcedefinition segments.segmentation.dev >/dev/null 2>&1; then installed=manifests/base; fi
  trap 'kubectl delete --kustomize "$installed" --ignore-not-found --wait=false >/dev/null' EXIT
  echo "The operator is installed: kubectl apply --server-side --filename manifests/install.yaml"
  said="$(tests/cluster/install.sh 2>&1)" || { echo "$said" >&2; exit 1; }
  echo
fi
"${CARGO_TARGET_DIR:-target}/debug/segment-demo" --cluster "$@"
