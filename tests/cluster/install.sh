#!/usr/bin/env bash
# Installs the operator in the cluster of KUBECONFIG, as users do, and waits until it works.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tests/cluster/check.sh
images="s#segmentation.local/#${SEGMENT_REGISTRY:-segmentation.local}/#; s#:dev#:${SEGMENT_TAG:-dev}#"
was_there="$(kubectl get deployment/segment-operator --namespace segmentation-system --ignore-not-found --output name)"
sed "$images" manifests/install.yaml | kubectl apply --server-side --force-conflicts --filename - >/dev/null
# The tag of the image stays, what it names may be new.
[ -z "$was_there" ] || kubectl rollout restart "$was_there" --namespace segmentation-system >/dev/null
kubectl rollout status deployment/segment-operator --namespace segmentation-system --timeout 120s
