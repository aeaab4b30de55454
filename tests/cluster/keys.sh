#!/usr/bin/env bash
# keys.sh FOLDER NODE_ADDRESS: an authority of our own, the certificates that it signs, and a kubeconfig for each client.
set -euo pipefail
folder="$1"
address="$2"
mkdir -p "$folder"
cd "$folder"

new_key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1.key"; }

sign() { # NAME SUBJECT EXTENSIONS
  new_key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \
    -extfile <(printf '%s\n' "$3") -out "$1.crt" 2>/dev/null
  rm "$1.csr"
}

client() { # NAME SUBJECT
  sign "$1" "$2" extendedKeyUsage=clientAuth
  cat >"$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: node, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
contexts: [{name: node, context: {cluster: node, user: $1}}]
current-context: node
YAML
}

new_key ca
openssl req -x509 -new -key ca.key -subj /CN=segment-cluster -days 3650 -out ca.crt

names=DNS:localhost
for name in kubernetes{,.default{,.svc{,.cluster.local}}}; do names+=",DNS:$name"; done
sign apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth
subjectAltName=$names,IP:127.0.0.1,IP:$address,IP:10.96.0.1"
sign kubelet-serving /CN=node1 "extendedKeyUsage=serverAuth
subjectAltName=DNS:node1,IP:127.0.0.1,IP:$address"

client admin /O=system:masters/CN=admin
client controllers /CN=system:kube-controller-manager
client scheduler /CN=system:kube-scheduler
client proxy /CN=system:kube-proxy
client node /O=system:nodes/CN=system:node:node1

# Signs the tokens of service accounts.
openssl genrsa -out sa.key 2048 2>/dev/null
openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
