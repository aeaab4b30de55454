#!/usr/bin/env bash
# figures.sh PROFILES [SEGMENTS ...]: installs the operator in the cluster of KUBECONFIG, and measures it. Built before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tests/cluster/install.sh
"${CARGO_TARGET_DIR:-target}/${SEGMENT_PROFILE:-debug}/examples/figures" "$@"
