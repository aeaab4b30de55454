# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of this folder: where things stand.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
target="${CARGO_TARGET_DIR:-$here/../../target}"
mkdir -p "$target"
target="$(cd "$target" && pwd)"
cache="${SEGMENTATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/segmentation}"

# A folder for state, elsewhere if the path is long: sockets lie in it, whose paths may have 108 characters.
state_folder() {
  if [ "${#1}" -le 64 ]; then echo "$1"; else echo "$(dirname "$(mktemp --dry-run)")/segment-$(echo "$1" | cksum | cut -d' ' -f1)"; fi
}

# The state of one cluster.
run="${SEGMENT_CLUSTER_RUN:-$(state_folder "$target/cluster")}"
# The address of the node, under which servers beside the cluster are reached by its pods.
node_address=198.51.100.1

die() {
  echo "cluster: $*" >&2
  exit 1
}

# The folder in the cache of what Go builds from the module in a folder: another one for other sources or another compiler.
# built_folder NAME SCRIPT MODULE
built_folder() {
  local key
  key="$({ go version && cat "$2" "$3"/{go.mod,go.sum,*.go}; } | sha256sum | cut -c1-16)"
  echo "$cache/$1-$key"
}

# build_once FOLDER WHAT COMMAND: fills a folder of the cache by a command that is told where, unless it is there already.
# One after the other: each linker needs some gigabytes.
build_once() {
  mkdir -p "$cache"
  exec 9>"$cache/build.lock"
  flock 9
  [ ! -e "$1" ] || return 0
  rm -rf "$1.new"
  mkdir "$1.new"
  echo "building $2 once into the cache; this takes some minutes" >&2
  "$3" "$1.new"
  mv -T "$1.new" "$1"
}

# need PROGRAM PACKAGE ...: installs Debian's packages of the programs that are missing, where that can be done.
need() {
  local missing=()
  while [ "$#" -gt 0 ]; do
    PATH="$PATH:/usr/sbin:/sbin:/usr/lib/cni" command -v "$1" >/dev/null || missing+=("$2")
    shift 2
  done
  [ "${#missing[@]}" = 0 ] && return
  { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; } || die "missing: ${missing[*]} (as Debian calls them)"
  echo "cluster: installing ${missing[*]}" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
