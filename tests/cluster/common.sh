# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of this folder: where things stand.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
target="${CARGO_TARGET_DIR:-$here/../../target}"
mkdir -p "$target"
target="$(cd "$target" && pwd)"
cache="${SEGMENTATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/segmentation}"

# The state of one cluster. Sockets lie in it, whose paths may have 108 characters: a deep clone needs a shorter one.
run="${SEGMENT_CLUSTER_RUN:-$target/cluster}"
# The address of the node, under which servers beside the cluster are reached by its pods.
node_address=198.51.100.1

die() {
  echo "cluster: $*" >&2
  exit 1
}

# The folder of the node's binary in the cache: another one for other sources or another compiler.
node_folder() {
  local key
  key="$({ go version && cat "$here/build.sh" "$here"/node/{go.mod,go.sum,main.go}; } | sha256sum | cut -c1-16)"
  echo "$cache/cluster-node-$key"
}
