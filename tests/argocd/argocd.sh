#!/usr/bin/env bash
# argocd.sh prepare | up | down: Argo CD's application controller and repository server with a Redis of their own, as processes
# beside the cluster of KUBECONFIG; start it by `cluster.sh run` where the cluster is that of tests/cluster, whose network has
# no way out: `prepare` installs and builds what is missing before.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../cluster/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cluster/common.sh"
scripts="$here/../../argocd"
state="${SEGMENT_ARGOCD_RUN:-$(state_folder "$target/argocd")}"
redis_port=16379 repository_port=18081 controller_port=18082

apply() { kubectl apply --server-side --force-conflicts "$@" >/dev/null; }

start() {
  local part="$1"
  shift
  setsid "$@" >"$state/$part.log" 2>&1 </dev/null &
  echo $! >"$state/$part.pid"
}

wait_for_port() {
  local deadline=$((SECONDS + 120)) file
  until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    for file in "$state"/*.pid; do
      kill -0 "$(cat "$file")" 2>/dev/null || { tail -n 3 "${file%.pid}.log" >&2; die "$(basename "$file" .pid) has ended"; }
    done
    [ "$SECONDS" -lt "$deadline" ] || die "nothing answers at port $1"
    sleep 0.1
  done
}

configure() {
  apply -f "$1/application-crd.yaml" -f "$1/appproject-crd.yaml"
  kubectl wait --for=condition=Established crd/applications.argoproj.io crd/appprojects.argoproj.io >/dev/null
  apply -f "$here/../argocd/argocd.yaml"
  # As a user adds them, but for the label by which Argo CD finds its ConfigMap.
  kubectl patch configmap argocd-cm -n argocd --type merge --patch-file "$scripts/argocd-cm.yaml" >/dev/null
}

prepare() {
  need redis-server redis-server git git go golang-go
  "$here/../argocd/build.sh" >/dev/null
}

up() {
  local binaries
  binaries="$("$here/../argocd/build.sh")"
  down
  rm -rf "$state"
  mkdir -p "$state"/{tmp,tls,ssh,redis}
  configure "$binaries"
  # Nothing of it lies under /app or in the machine's temporary folder.
  export TMPDIR="$state/tmp" ARGOCD_ASK_PASS_SOCK="$state/ask.sock" ARGOCD_TLS_DATA_PATH="$state/tls"
  export ARGOCD_SSH_DATA_PATH="$state/ssh" ARGOCD_GPG_ENABLED=false
  # https://kubernetes.default.svc as a destination means the cluster of KUBECONFIG.
  export ARGOCD_FAKE_IN_CLUSTER=true
  export ARGOCD_RECONCILIATION_TIMEOUT=10s ARGOCD_RECONCILIATION_JITTER=0s
  start redis redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$state/redis"
  wait_for_port "$redis_port"
  start repo-server "$binaries/argo" repo-server --redis "127.0.0.1:$redis_port" --disable-tls --address 127.0.0.1 \
    --port "$repository_port" --metrics-address 127.0.0.1 --metrics-port 18084 --logformat text
  wait_for_port "$repository_port"
  start controller "$binaries/argo" controller --namespace argocd --redis "127.0.0.1:$redis_port" \
    --repo-server "127.0.0.1:$repository_port" --repo-server-plaintext --persist-resource-health \
    --self-heal-backoff-factor 1 --metrics-port "$controller_port" --logformat text
  wait_for_port "$controller_port"
}

down() {
  local part pid
  for part in controller repo-server redis; do
    pid="$(cat "$state/$part.pid" 2>/dev/null)" || continue
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    rm -f "$state/$part.pid"
  done
}

case "${1:-}" in
prepare | up | down) "$1" ;;
*) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" && exit 2 ;;
esac
