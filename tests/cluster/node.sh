#!/usr/bin/env bash
# node.sh STATE CGROUP BINARIES ADDRESS IMAGE...: the first process of the cluster's namespaces (of processes, mounts, the
# network and the host name); cluster.sh starts it by `unshare`. Nothing that it does reaches the rest of the machine,
# apart from cgroups below CGROUP.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
state="$1" cgroup="$2" binaries="$3" address="$4"
shift 4
images=("$@")
keys="$state/keys"
[ $$ = 1 ] || { echo "node.sh is not the first process of a namespace" >&2; exit 2; }
hostname node1
mkdir -p "$state"/{log,pod-logs,kubelet,etcd,cni,cni-data,containerd,sysctls}
ln -s "$binaries" "$state/bin"
started="${EPOCHREALTIME//[.,]/}"

say() {
  local micros=$((${EPOCHREALTIME//[.,]/} - started))
  printf '%3d.%02d s  %s\n' $((micros / 1000000)) $((micros % 1000000 / 10000)) "$1" | tee -a "$state/timeline"
}

# The kubelet sets these for the whole machine; it finds them set already and leaves them alone.
pretend_sysctl() {
  echo "$2" >"$state/sysctls/${1##*/}"
  mount --bind "$state/sysctls/${1##*/}" "/proc/sys/$1"
}

prepare_mounts() {
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/lock /var/lib/cni
  mount --bind "$state/pod-logs" /var/log
  mount --bind "$state/cni-data" /var/lib/cni
  pretend_sysctl vm/overcommit_memory 1
  pretend_sysctl kernel/panic 10
  pretend_sysctl kernel/panic_on_oops 1
}

prepare_cgroups() {
  local hierarchy
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$cgroup"
    return
  fi
  for hierarchy in /sys/fs/cgroup/*/; do
    [ -e "$hierarchy/cgroup.procs" ] || continue
    mkdir -p "$hierarchy/$cgroup"
    if [ -e "$hierarchy/cpuset.cpus" ]; then # a new cpuset is empty, and takes no process
      cat "$hierarchy/cpuset.cpus" >"$hierarchy/$cgroup/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$hierarchy/$cgroup/cpuset.mems"
    fi
  done
}

# A bridge with the node's address, and no way out.
prepare_network() {
  ip link set lo up
  ip link add node0 type bridge
  ip addr add "$address/24" dev node0
  ip link set node0 up
  ip route add default dev node0
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo "nameserver 127.0.0.1" >"$state/resolv.conf"
}

write_configurations() {
  cat >"$state/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "ipam": {"type": "host-local",
    "dataDir": "$state/cni-data", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
  cat >"$state/containerd.toml" <<TOML
version = 2
root = "$state/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
  address = "$state/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$state/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "segmentation.local/pause:1"
  # Without CAP_SYS_RESOURCE nobody may lower the score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$state/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
TOML
  cat >"$state/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
failSwapOn: false
protectKernelDefaults: true
containerRuntimeEndpoint: unix://$state/containerd.sock
podLogsDir: $state/pod-logs/pods
resolvConf: $state/resolv.conf
registerNode: true
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $keys/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $keys/kubelet-serving.crt
tlsPrivateKeyFile: $keys/kubelet-serving.key
# The disk is the developer's: it may be nearly full.
evictionHard: {memory.available: 100Mi, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%, imagefs.inodesFree: 0%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
maxPods: 60
clusterDomain: cluster.local
clusterDNS: [$address]
YAML
  cat >"$state/Corefile" <<COREFILE
.:53 {
  bind $address
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $keys/admin.kubeconfig
  }
}
COREFILE
  # What service accounts ask for, Kubernetes' own apart: tests compare it with the roles that we ship.
  cat >"$state/audit-policy.yaml" <<YAML
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, userGroups: ["system:serviceaccounts:kube-system"]}
- {level: Metadata, userGroups: ["system:serviceaccounts"]}
- {level: None}
YAML
}

# Starts a part and notes its command line, by which `cluster.sh restart` starts it again.
start() {
  local part="$1"
  shift
  printf '%q ' exec "$@" >"$state/$part.command"
  "$@" >"$state/log/$part.log" 2>&1 &
  echo $! >"$state/$part.pid"
}

all_live() {
  local file part
  for file in "$state"/*.pid; do
    part="$(basename "$file" .pid)"
    [ "$part" != outer ] || continue
    kill -0 "$(cat "$file")" 2>/dev/null && continue
    say "$part has ended"
    tail -n 3 "$state/log/$part.log"
    exit 1
  done
}

wait_for() { # WHAT COMMAND...
  local what="$1" deadline=$((SECONDS + 120))
  shift
  until "$@" >/dev/null 2>&1; do
    all_live
    [ "$SECONDS" -lt "$deadline" ] || { say "$what: not within 120 s"; exit 1; }
    sleep 0.1
  done
  say "$what"
}

start_stores() {
  start etcd "$binaries/etcd" "$state/etcd" http://127.0.0.1:2379 http://127.0.0.1:2380
  start containerd containerd --config "$state/containerd.toml"
}

start_apiserver() {
  start kube-apiserver "$binaries/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
    --secure-port=6443 --bind-address=0.0.0.0 --advertise-address="$address" --service-cluster-ip-range=10.96.0.0/16 \
    --tls-cert-file="$keys/apiserver.crt" --tls-private-key-file="$keys/apiserver.key" --cert-dir="$state/apiserver-certs" \
    --client-ca-file="$keys/ca.crt" --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$keys/sa.pub" --service-account-signing-key-file="$keys/sa.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --kubelet-client-certificate="$keys/admin.crt" --kubelet-client-key="$keys/admin.key" \
    --kubelet-certificate-authority="$keys/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --audit-policy-file="$state/audit-policy.yaml" --audit-log-path="$state/log/audit.log"
}

start_controllers() {
  start kube-controller-manager "$binaries/kube-controller-manager" --kubeconfig="$keys/controllers.kubeconfig" \
    --service-account-private-key-file="$keys/sa.key" --root-ca-file="$keys/ca.crt" --use-service-account-credentials=true \
    --kube-api-qps=500 --kube-api-burst=1000 --leader-elect=false --bind-address=127.0.0.1 \
    --authentication-skip-lookup=true --allocate-node-cidrs=false \
    --cluster-signing-cert-file="$keys/ca.crt" --cluster-signing-key-file="$keys/ca.key"
  start kube-scheduler "$binaries/kube-scheduler" --kubeconfig="$keys/scheduler.kubeconfig" --leader-elect=false \
    --bind-address=127.0.0.1 --authentication-skip-lookup=true
}

start_node() {
  start kubelet "$binaries/kubelet" --config="$state/kubelet.yaml" --kubeconfig="$keys/node.kubeconfig" \
    --root-dir="$state/kubelet" --node-ip="$address" --hostname-override=node1
  # Zeros: the table of connections is the machine's, and is left as it is.
  start kube-proxy "$binaries/kube-proxy" --kubeconfig="$keys/proxy.kubeconfig" --proxy-mode=iptables \
    --cluster-cidr=10.244.0.0/24 --hostname-override=node1 --bind-address="$address" --healthz-bind-address=127.0.0.1 \
    --conntrack-max-per-core=0 --conntrack-min=0 \
    --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s
  start coredns "$binaries/coredns" -conf "$state/Corefile" -quiet
}

import_images() {
  local image
  for image in "${images[@]}"; do
    ctr -a "$state/containerd.sock" -n k8s.io images import "$image" >>"$state/log/import.log" 2>&1
  done
}

prepare_mounts
prepare_cgroups
prepare_network
"$here/keys.sh" "$keys" "$address"
write_configurations
say "prepared"
export KUBECONFIG="$keys/admin.kubeconfig"
start_stores
start_apiserver
wait_for "containerd answers" ctr -a "$state/containerd.sock" version
wait_for "API server ready" "$binaries/kubectl" get --raw /readyz
start_controllers
start_node
wait_for "node registered" "$binaries/kubectl" get node node1
import_images
say "images imported"
wait_for "node ready" "$binaries/kubectl" wait --for=condition=Ready node/node1 --timeout=0.2s
wait_for "service account of the namespace default" "$binaries/kubectl" get serviceaccount default
touch "$state/up"
# The first process of a namespace reaps those whose parents have ended.
trap 'exit 0' TERM INT
while :; do
  sleep infinity &
  wait $!
done
