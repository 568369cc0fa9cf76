#!/usr/bin/env python3
"""Copies reference data of training without what no test compares, and with as many digits as the
tests' tolerances need: the copy has the same schema.

    compact.py FOLDER FILE.json...      writes FOLDER/FILE.json for each
"""

import json
import pathlib
import sys

# Positions follow from names; the rest is for readers.
UNUSED = {"idx", "max_abs", "mean", "conventions", "bn_counts", "worst_f32_err_over_std",
          "worst_f32_err_over_moved_rms", "mode", "parameters_without_gradient", "first8",
          "logits_gradient", "batch", "gain_family", "kind"}


def compact(value, digits):
    if isinstance(value, dict):
        return {key: compact(entry, digits) for key, entry in value.items() if key not in UNUSED}
    if isinstance(value, list):
        return [compact(entry, digits) for entry in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def main(folder, *files):
    for file in map(pathlib.Path, files):
        numbers = json.loads(file.read_text())
        for record in numbers.get("weights_and_statistics", []):
            for step in record["steps"]:
                del step["std"]
        digits = 12 if "weights_and_statistics" in numbers else 7
        text = json.dumps(compact(numbers, digits), separators=(",", ":"))
        (pathlib.Path(folder) / file.name).write_text(text.replace('{"name":', '\n{"name":') + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
