#!/usr/bin/env bash
# A real Kubernetes of one node, in namespaces of its own, without a container engine. README.md says more.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="Usage: cluster.sh COMMAND
  up                starts the cluster with the images of our programs; does nothing when it is up
  down              ends it and all that runs in it
  run COMMAND...    runs a command in the cluster's network, with KUBECONFIG set and kubectl on PATH
  load ARCHIVE...   takes images in
  restart PART      kills and starts a part again: etcd, kube-apiserver, kubelet, ...
  state             prints the folder of its state: logs, keys, the audit log"

# The pods' cgroups lie below one of their own, so that clusters of several clones can run side by side.
cgroup="segment-cluster-$(echo "$run" | cksum | cut -d' ' -f1)"

is_up() { [ -e "$run/up" ] && kill -0 "$(cat "$run/pid")" 2>/dev/null; }

# Installs what this machine lacks.
prepare_machine() {
  [ "$(id -u)" = 0 ] || die "only root can start it; use kind, or set KUBECONFIG to a cluster of yours"
  need containerd containerd runc runc bridge containernetworking-plugins iptables iptables conntrack conntrack \
    openssl openssl ip iproute2 nsenter util-linux go golang-go
}

up() {
  if is_up; then return; fi
  prepare_machine
  local binaries images
  binaries="$("$here/build.sh")"
  images="$("$here/images.sh")"
  down # what a killed one has left
  rm -rf "$run"
  mkdir -p "$run"
  # unshare forks, and its child is the first process of the namespaces: when it ends, so does every pod.
  # shellcheck disable=SC2086
  setsid unshare --pid --fork --kill-child --mount-proc --mount --propagation private --net --uts \
    "$here/node.sh" "$run" "$cgroup" "$binaries" "$node_address" $images >"$run/node.log" 2>&1 </dev/null &
  echo $! >"$run/outer.pid"
  until [ -e "$run/up" ]; do
    kill -0 "$(cat "$run/outer.pid")" 2>/dev/null || { cat "$run/node.log" >&2; die "it did not start"; }
    sleep 0.1
  done
  pgrep -P "$(cat "$run/outer.pid")" >"$run/pid"
  cat "$run/timeline"
}

# Of cgroups of the second version there is one hierarchy, of the first one a controller.
remove_cgroups() {
  local folder
  for folder in /sys/fs/cgroup/"$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
    [ ! -d "$folder" ] || find "$folder" -depth -type d -exec rmdir {} +
  done
}

down() {
  [ -e "$run/outer.pid" ] || return 0
  local outer
  outer="$(cat "$run/outer.pid")"
  # TERM would have the API server wait for open watches; nothing here is worth waiting for.
  pkill -KILL -P "$outer" 2>/dev/null || true
  while kill -0 "$outer" 2>/dev/null; do sleep 0.1; done
  remove_cgroups
  rm -f "$run"/{outer.pid,pid,up}
}

enter() { # NSENTER_OPTIONS... -- COMMAND...
  is_up || die "it is not up"
  KUBECONFIG="$run/keys/admin.kubeconfig" PATH="$run/bin:$PATH" exec nsenter -t "$(cat "$run/pid")" "$@"
}

restart() {
  [ -e "$run/$1.pid" ] || die "no part is called $1"
  # shellcheck disable=SC2016
  enter -n -m -p -u -- bash -c '
    pid="$(cat "$1/$2.pid")"
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    setsid bash "$1/$2.command" >>"$1/log/$2.log" 2>&1 </dev/null &
    echo $! >"$1/$2.pid"' _ "$run" "$1"
}

load() {
  local archive
  for archive in "$@"; do ctr -a "$run/containerd.sock" -n k8s.io images import "$archive"; done
}

command="${1:-help}"
[ "$#" = 0 ] || shift
case "$command" in
up | down) "$command" ;;
run) enter -n -- "$@" ;;
load) load "$@" ;;
restart) restart "${1:?which part}" ;;
state) echo "$run" ;;
*) echo "$usage" && [ "$command" = help ] ;;
esac
