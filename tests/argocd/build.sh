#!/usr/bin/env bash
# Builds Argo CD's parts, unless the cache has them already, and prints their folder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../cluster/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cluster/common.sh"

command -v go >/dev/null || die "Go 1.26 is missing; it builds Argo CD"
sources="$here/../argocd"
key="$({ go version && cat "$sources/build.sh" "$sources"/argo/{go.mod,go.sum,main.go,cases.go}; } | sha256sum | cut -c1-16)"
folder="$cache/argo-$key"
mkdir -p "$cache"
# One after the other, and after a build of the node: each linker needs some gigabytes.
exec 9>"$cache/cluster-node.lock"
flock 9
if [ ! -e "$folder/argo" ]; then
  rm -rf "$folder.new"
  mkdir "$folder.new"
  echo "argocd: building Argo CD once into the cache; this takes some minutes" >&2
  cd "$sources/argo"
  CGO_ENABLED=0 nice -n 10 go build -o "$folder.new/argo" -ldflags '-s -w' .
  crds="$(go list -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3)/manifests/crds"
  install -m 644 "$crds/application-crd.yaml" "$crds/appproject-crd.yaml" "$folder.new"
  mv -T "$folder.new" "$folder"
fi
echo "$folder"
