#!/usr/bin/env bash
# Compares PP-LCNet with other networks, all on this engine and in ONNX Runtime, with one thread; on
# Debian 12 (x86), from nothing.
#
#   bench/lightweight/run.sh [--json FILE] [--svg FILE] [--networks "NAME NAME"] [--rounds N]
#                            [--core 0] [--quick]
#
# Networks are those of the paper and GhostNet ('paper'), and others ('catalogue'); '--networks all'
# has every classifier that the library knows, but the variants of one network with other weights.
#
#   PPLCNET_BENCH_BUILD=FOLDER     where everything is built and installed (default: build/peers)
#   PPLCNET_BENCH_QUICK=1          --quick
set -euo pipefail
project=$(realpath "$(dirname "$0")/../..")
build=$(realpath --canonicalize-missing "${PPLCNET_BENCH_BUILD:-$project/build/peers}")

{
  "$project/.ci/install" g++ cmake ninja-build python3 util-linux libhwy-dev libprotozero-dev \
    nlohmann-json3-dev
  command -v npm >/dev/null || "$project/.ci/install" npm
  # Its install script would fetch what a GPU needs; the CPU's part is in the package. The newest is
  # installed, but where it is only shown whether all works.
  [[ ${PPLCNET_BENCH_QUICK:-} && -d $build/npm/node_modules/onnxruntime-node ]] ||
    npm install --prefix "$build/npm" --ignore-scripts --no-audit --no-fund onnxruntime-node
  [[ -e $build/build.ninja ]] ||
    cmake -S "$project" --preset release -B "$build" -DPPLCNET_BUILD_TESTS=OFF \
      -DPPLCNET_BUILD_EXAMPLES=OFF
  cmake --build "$build" --target lightweight_networks
} >&2
NODE_PATH=$build/npm/node_modules exec python3 "$project/bench/lightweight/compare.py" \
  --build "$build" "$@"
