#!/usr/bin/env bash
# Builds the node's binary, unless the cache has it already, and prints its folder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=1.36.3 # that of k8s.io/kubernetes in node/go.mod
parts=(etcd coredns kubectl kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy)

command -v go >/dev/null || die "Go 1.26 is missing; it builds Kubernetes"
folder="$(node_folder)"
mkdir -p "$cache"
# One build at a time: two at once would each need the whole memory of the linker, 2.5 GB.
exec 9>"$cache/cluster-node.lock"
flock 9
if [ ! -e "$folder/node" ]; then
  rm -rf "$folder.new"
  mkdir "$folder.new"
  versions="-X k8s.io/component-base/version.gitVersion=v$version"
  versions+=" -X k8s.io/component-base/version.gitMajor=${version%%.*}"
  versions+=" -X k8s.io/component-base/version.gitMinor=$(echo "$version" | cut -d. -f2)"
  echo "cluster: building Kubernetes $version once into the cache; this takes some minutes" >&2
  (cd "$here/node" && CGO_ENABLED=0 nice -n 10 go build -o "$folder.new/node" -ldflags "-s -w $versions" .)
  for part in "${parts[@]}"; do ln -s node "$folder.new/$part"; done
  mv -T "$folder.new" "$folder"
fi
echo "$folder"
