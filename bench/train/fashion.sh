#!/usr/bin/env bash
# Trains PP-LCNet x0_25 on Fashion-MNIST, three epochs on one thread, with pplcnet and with PyTorch,
# seed by seed in turn: accuracy on the test set, and seconds. Installs Debian's dataset and PyTorch.
#
#   bench/train/fashion.sh [SEED]...
#
#   PPLCNET=FILE            the program (default: build/release/bin/pplcnet)
#   PPLCNET_BENCH_QUICK=1   only shows whether all works, without PyTorch
set -euo pipefail
here=$(dirname "$0")
project=$(realpath "$here/../..")
program=${PPLCNET:-$project/build/release/bin/pplcnet}
source=/usr/share/datasets/fashion-mnist
quick=${PPLCNET_BENCH_QUICK:-}
# PyTorch's memory is kept, in huge pages; otherwise it takes several times as long.
keep_memory=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=2000000000
keep_memory+=:glibc.malloc.trim_threshold=8000000000
packages=(dataset-fashion-mnist) most=500
[[ $quick ]] || { packages+=(python3-torch); most=60000; }
"$project/.ci/install" "${packages[@]}" >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -B "$here/fashion_mnist.py" "$source" "$folder" $most
for seed in "${@:-0}"; do
  TIMEFORMAT="pplcnet seed $seed: %R s, %U + %S s of the processor, with decoding and measuring"
  time "$program" train --images "$folder/train" --validation "$folder/test" --seed "$seed" \
    --model PPLCNet_x0_25 --size 32 --preset paddle_direct --threads 1 --epochs 3 --batch 128 \
    --rate 0.1 --warm-up 0.2 --smoothing 0 --dropout 0 --mirror 0.5 --rand-augment 0 --colour 0 \
    --erase 0 -o "$folder/trained.safetensors" | grep "^epoch"
  [[ $quick ]] || GLIBC_TUNABLES=$keep_memory \
    /usr/bin/python3 -B "$here/torch_fashion_mnist.py" "$source" "$seed" channels_last
done
