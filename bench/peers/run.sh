#!/usr/bin/env bash
# Compares the speed of pplcnet with ONNX Runtime and oneDNN; on Debian 12 (x86), from nothing.
#
#   bench/peers/run.sh [--json FILE] [--svg FILE] [--scales "x0_25 x1_0 textline"] [--rounds N]
#                      [--tasks "picodet_s_320_coco_lcnet PP-OCRv4_mobile_det"]
#                      [--cores 0,1] [--pages huge|small] [--cold] [--quick]
#                      [--before BUILD] [--versions-only] [--starts N] [--precision int8]
#
#   PPLCNET_BENCH_BUILD=FOLDER     where everything is built and installed (default: build/peers)
#   PPLCNET_BENCH_QUICK=1          --quick
set -euo pipefail
project=$(realpath "$(dirname "$0")/../..")
build=$(realpath --canonicalize-missing "${PPLCNET_BENCH_BUILD:-$project/build/peers}")

{
  "$project/.ci/install" g++ cmake ninja-build python3 python3-onnx util-linux \
    libhwy-dev libdnnl-dev libprotozero-dev nlohmann-json3-dev
  command -v npm >/dev/null || "$project/.ci/install" npm
  # Its install script would fetch what a GPU needs; the CPU's part is in the package. The newest is
  # installed, but where it is only shown whether all works.
  [[ ${PPLCNET_BENCH_QUICK:-} && -d $build/npm/node_modules/onnxruntime-node ]] ||
    npm install --prefix "$build/npm" --ignore-scripts --no-audit --no-fund onnxruntime-node
  [[ -e $build/build.ninja ]] ||
    cmake -S "$project" --preset release -B "$build" -DPPLCNET_BUILD_TESTS=OFF \
      -DPPLCNET_BUILD_EXAMPLES=OFF
  cmake --build "$build" --target peers lightweight_networks
} >&2
NODE_PATH=$build/npm/node_modules exec python3 "$project/bench/peers/compare.py" \
  --build "$build" "$@"
