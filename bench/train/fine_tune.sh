#!/usr/bin/env bash
# Five typefaces, 40 lines of each, from the project's weights for the orientation of text lines: what
# `fit` (a new head alone) and `train` (all layers, with its defaults) make of them, on other lines.
#
#   bench/train/fine_tune.sh
#
#   PPLCNET=FILE            the program (default: build/release/bin/pplcnet)
#   PPLCNET_BENCH_QUICK=1   only shows whether all works
set -euo pipefail
here=$(dirname "$0")
project=$(realpath "$here/../..")
program=${PPLCNET:-$project/build/release/bin/pplcnet}
weights=$project/examples/orientation/text_line_orientation.safetensors
pictures=40 options=()
[[ ${PPLCNET_BENCH_QUICK:-} ]] && pictures=4 options=(--epochs 2)
"$project/.ci/install" python3-pil fonts-dejavu-core >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
/usr/bin/python3 -B "$here/typefaces.py" "$folder" $pictures
TIMEFORMAT="%R s, %U s of the processor"
for command in fit train; do
  more=()
  [[ $command == train ]] && more=("${options[@]}")
  name=--weights
  [[ $command == train ]] && name=--init
  echo "$command:"
  time "$program" $command $name "$weights" --images "$folder/train" -o "$folder/$command.safetensors" \
    "${more[@]}" >"$folder/log"
  "$program" evaluate --weights "$folder/$command.safetensors" "$folder/test" | grep top-1
done
