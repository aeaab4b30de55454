#!/usr/bin/env bash
# Builds the node's binary, unless the cache has it already, and prints its folder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=1.36.3 # that of k8s.io/kubernetes in node/go.mod
parts=(etcd coredns kubectl kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy)

build() {
  local part versions="-X k8s.io/component-base/version.gitVersion=v$version"
  versions+=" -X k8s.io/component-base/version.gitMajor=${version%%.*}"
  versions+=" -X k8s.io/component-base/version.gitMinor=$(echo "$version" | cut -d. -f2)"
  (cd "$here/node" && CGO_ENABLED=0 nice -n 10 go build -o "$1/node" -ldflags "-s -w $versions" .)
  for part in "${parts[@]}"; do ln -s node "$1/$part"; done
}

command -v go >/dev/null || die "Go 1.26 is missing; it builds Kubernetes"
folder="$(built_folder cluster-node "$here/build.sh" "$here/node")"
build_once "$folder" "Kubernetes $version" build
echo "$folder"
