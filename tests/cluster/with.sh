#!/usr/bin/env bash
# with.sh COMMAND... | --prepare | --why-not: runs a command on a cluster that has the images of our programs: that of KUBECONFIG, which has to be
# able to pull them (SEGMENT_REGISTRY, SEGMENT_TAG); else one of kind, where Docker runs; else our own node, which is ended
# afterwards unless it was up before. What the command is told: SEGMENT_TESTS_HOST, the address under which pods reach this
# machine, SEGMENT_TESTS_KUBECTL, how a person calls kubectl there, SEGMENT_TESTS_HUNGRY, an image that takes more memory
# than it may, and of our own node SEGMENT_TESTS_CLUSTER, its script, and SEGMENT_TESTS_AUDIT_LOG. --prepare builds what our own
# node needs, if that is the one; --why-not tells why there can be no cluster here, and fails then.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cluster="$here/cluster.sh"
hungry=segmentation.local/hungry:1

with_kind() {
  export SEGMENT_TESTS_HUNGRY="$hungry"
  local archive name=segmentation
  export KUBECONFIG="$target/kind.kubeconfig"
  if ! kind get clusters | grep -qx "$name"; then
    trap 'kind delete cluster --name segmentation' EXIT
    kind create cluster --name "$name"
  fi
  kind export kubeconfig --name "$name"
  for archive in $("$here/images.sh"); do kind load image-archive "$archive" --name "$name"; done
  SEGMENT_TESTS_HOST="$(docker network inspect kind --format '{{range .IPAM.Config}}{{.Gateway}} {{end}}' | tr ' ' '\n' | grep -m1 '\.')"
  export SEGMENT_TESTS_HOST SEGMENT_TESTS_KUBECTL="kubectl --kubeconfig $KUBECONFIG"
  "$@"
}

with_node() {
  export SEGMENT_TESTS_HOST="$node_address" SEGMENT_TESTS_HUNGRY="$hungry" SEGMENT_TESTS_KUBECTL="$cluster run kubectl"
  export SEGMENT_TESTS_CLUSTER="$cluster" SEGMENT_TESTS_AUDIT_LOG="$run/log/audit.log"
  if [ ! -e "$run/up" ]; then
    trap '"$here/cluster.sh" down' EXIT
    "$cluster" up
  else
    # shellcheck disable=SC2046
    "$cluster" load $("$here/images.sh") >/dev/null
  fi
  "$cluster" run "$@"
}

why_not() {
  if [ -n "${KUBECONFIG:-}" ]; then
    [ -n "${SEGMENT_TESTS_HOST:-}" ] && return
    echo "SEGMENT_TESTS_HOST is not set: the address of this machine at which pods of the cluster of KUBECONFIG reach it"
    return 1
  fi
  has_kind || [ "$(id -u)" = 0 ] && return
  echo "there is neither KUBECONFIG nor kind, and only root can start a node"
  return 1
}

has_kind() { command -v kind >/dev/null && docker info >/dev/null 2>&1; }

if [ "${1:-}" = --why-not ]; then
  why_not
elif [ "${1:-}" = --prepare ]; then
  [ -n "${KUBECONFIG:-}" ] || has_kind || "$here/build.sh" >/dev/null
elif [ -n "${KUBECONFIG:-}" ]; then
  exec "$@"
elif has_kind; then
  with_kind "$@"
else
  with_node "$@"
fi
