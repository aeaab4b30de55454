#!/usr/bin/env bash
# Checks that the cluster of KUBECONFIG runs our image: a pod prints the help of segment-jobs. Started by `cluster.sh run`.
set -euo pipefail
image="${SEGMENT_REGISTRY:-segmentation.local}/segment-jobs:${SEGMENT_TAG:-dev}"
pod="check-$RANDOM"
trap 'kubectl delete pod "$pod" --now --wait=false >/dev/null' EXIT

kubectl wait --for=condition=Ready nodes --all --timeout=60s
kubectl run "$pod" --image="$image" --image-pull-policy=IfNotPresent --restart=Never -- --help >/dev/null
if ! kubectl wait pod "$pod" --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s; then
  kubectl describe pod "$pod"
  exit 1
fi
kubectl logs "$pod" | grep -A 8 '^Usage: segment-jobs'
