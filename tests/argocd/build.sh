#!/usr/bin/env bash
# Builds Argo CD's parts, unless the cache has them already, and prints their folder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../cluster/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cluster/common.sh"
sources="$here/../argocd"

build() {
  local crds
  cd "$sources/argo"
  CGO_ENABLED=0 nice -n 10 go build -o "$1/argo" -ldflags '-s -w' .
  crds="$(go list -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3)/manifests/crds"
  install -m 644 "$crds/application-crd.yaml" "$crds/appproject-crd.yaml" "$1"
}

command -v go >/dev/null || die "Go 1.26 is missing; it builds Argo CD"
folder="$(built_folder argo "$sources/build.sh" "$sources/argo")"
build_once "$folder" "Argo CD" build
echo "$folder"
