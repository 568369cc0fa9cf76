#!/usr/bin/env bash
# Compares how fast pplcnet and PyTorch train; on Debian 12, from nothing.
#
#   bench/train/run.sh [--networks NAME NAME] [--threads 1 2] [--rounds N] [--seconds N]
#
#   PPLCNET_BENCH_BUILD=FOLDER     where the program is built (default: build/peers)
#   PPLCNET_BENCH_QUICK=1          only shows whether all works
set -euo pipefail
project=$(realpath "$(dirname "$0")/../..")
build=$(realpath --canonicalize-missing "${PPLCNET_BENCH_BUILD:-$project/build/peers}")

{
  "$project/.ci/install" g++ cmake ninja-build python3 util-linux libhwy-dev
  [[ ${PPLCNET_BENCH_QUICK:-} ]] || "$project/.ci/install" python3-torch
  [[ -e $build/build.ninja ]] ||
    cmake -S "$project" --preset release -B "$build" -DPPLCNET_BUILD_TESTS=OFF \
      -DPPLCNET_BUILD_EXAMPLES=OFF
  cmake --build "$build" --target peers_train
} >&2
quick=()
[[ ${PPLCNET_BENCH_QUICK:-} ]] && quick=(--networks x0_25_textline --threads 1 --rounds 1 --seconds 0.1)
exec python3 "$project/bench/train/compare.py" --build "$build" "${quick[@]}" "$@"
