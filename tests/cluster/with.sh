#!/usr/bin/env bash
# Runs a command on a cluster that has the images of our programs. `with.sh` alone says more.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: with.sh COMMAND...
  Runs the command on the first of these clusters that there is:
  - that of KUBECONFIG, which has to be able to pull the images (SEGMENT_REGISTRY, SEGMENT_TAG), and whose pods reach this
    machine at the address in SEGMENT_HOST;
  - one of kind, where Docker runs;
  - our own node (cluster.sh), which needs root.
  A cluster that was not up before is ended afterwards.
with.sh --prepare   builds what our own node needs, if that is the one
with.sh --why-not   fails and says why, if there can be no cluster here

The command finds in its environment, besides KUBECONFIG:
  SEGMENT_HOST              the address at which pods reach this machine
  SEGMENT_KUBECTL           how a person calls kubectl there
  SEGMENT_TESTS_HUNGRY      an image that takes more memory than it may
  SEGMENT_TESTS_CLUSTER     the script of our own node
  SEGMENT_TESTS_AUDIT_LOG   and its audit log"

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
  SEGMENT_HOST="$(docker network inspect kind --format '{{range .IPAM.Config}}{{.Gateway}} {{end}}' | tr ' ' '\n' | grep -m1 '\.')"
  export SEGMENT_HOST SEGMENT_KUBECTL="kubectl --kubeconfig $KUBECONFIG"
  "$@"
}

with_node() {
  export SEGMENT_HOST="$node_address" SEGMENT_KUBECTL="$cluster run kubectl"
  export SEGMENT_TESTS_HUNGRY="$hungry" SEGMENT_TESTS_CLUSTER="$cluster" SEGMENT_TESTS_AUDIT_LOG="$run/log/audit.log"
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
    [ -n "${SEGMENT_HOST:-}" ] && return
    echo "SEGMENT_HOST is not set: the address of this machine at which pods of the cluster of KUBECONFIG reach it"
    return 1
  fi
  has_kind || [ "$(id -u)" = 0 ] && return
  echo "there is neither KUBECONFIG nor kind, and only root can start a node"
  return 1
}

has_kind() { command -v kind >/dev/null && docker info >/dev/null 2>&1; }

with_yours() {
  why_not >&2
  exec "$@"
}

case "${1:-}" in
"" | --help) echo "$usage" ;;
--why-not) why_not ;;
--prepare) [ -n "${KUBECONFIG:-}" ] || has_kind || "$here/build.sh" >/dev/null ;;
*)
  if [ -n "${KUBECONFIG:-}" ]; then
    with_yours "$@"
  elif has_kind; then
    with_kind "$@"
  else
    with_node "$@"
  fi
  ;;
esac
