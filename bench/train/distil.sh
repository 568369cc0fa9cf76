#!/usr/bin/env bash
# What a teacher gives, on Fashion-MNIST: x0_25 learns from 200 pictures of each class, alone and from
# x1_0, which has learnt from all 60,000; accuracy on the test set, seed by seed. Installs Debian's
# dataset.
#
#   bench/train/distil.sh [SEED]...
#
#   PPLCNET=FILE            the program (default: build/release/bin/pplcnet)
#   PPLCNET_BENCH_QUICK=1   only shows whether all works
set -euo pipefail
here=$(dirname "$0")
project=$(realpath "$here/../..")
program=${PPLCNET:-$project/build/release/bin/pplcnet}
most=60000 of_each=200 teacher_epochs=3 epochs=40
if [[ ${PPLCNET_BENCH_QUICK:-} ]]; then
  most=500 of_each=10 teacher_epochs=1 epochs=1
  set --
fi
"$project/.ci/install" dataset-fashion-mnist >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -B "$here/fashion_mnist.py" /usr/share/datasets/fashion-mnist "$folder" $most
for class in "$folder"/train/*; do
  mkdir -p "$folder/few/${class##*/}"
  find "$class" -name '*.png' | sort | sed -n "1,${of_each}p" |
    xargs cp -t "$folder/few/${class##*/}"
done

train() {  # OUTPUT [OPTION]...: trains, and prints the accuracy
  "$program" train --size 32 --preset paddle_direct --rate 0.1 --smoothing 0 --dropout 0 --mirror 0.5 \
    --rand-augment 0 --colour 0 --erase 0 --held-out 0 -o "$@" >"$folder/log"
  "$program" evaluate --weights "$1" "$folder/test" | grep top-1
}

teacher=$folder/teacher.safetensors
echo "teacher: $(train "$teacher" --images "$folder/train" --model PPLCNet_x1_0 --batch 128 \
  --epochs $teacher_epochs --warm-up 0.2)"
for seed in "${@:-0}"; do
  for learns in alone "from the teacher"; do
    more=()
    [[ $learns == alone ]] || more=(--teacher "$teacher")
    echo "seed $seed, $learns: $(train "$folder/student.safetensors" --images "$folder/few" \
      --model PPLCNet_x0_25 --batch 64 --epochs $epochs --warm-up 1 --seed "$seed" "${more[@]}")"
  done
done
