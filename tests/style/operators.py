#!/usr/bin/env python3
"""Checks that an operator which computes a map from whole maps is named only where kernels/README.md
says: in the list, its kernel, the function of Graph, what writes and what finds it in files, and what
makes steps of training of it."""

import pathlib
import re
import sys

ROOT = pathlib.Path("include/pplcnet")
LIST = ROOT / "graph/operator.hpp"
GRAPH = {"graph/operators.hpp", "graph/map_operators.hpp", "graph/graph.hpp"}
FILES = ("weights/onnx/", "weights/import/", "train/lower_training.hpp", "train/check_trainable.hpp")
# The plan itself makes these: a product in the place of its input, a sum as the end of a
# convolution, copies and the picture where something is no map yet.
PLANNED = {"gate", "multiply", "add", "copy", "picture"}
# What plans do for one beyond that.
ALSO = {"attention": {"plan/schedule.hpp"},    # its scratch
        "normalise": {"plan/layer.hpp"},       # its weights
        "rearrange": {"plan/layer.hpp", "kernels/forward-inl.hpp"},  # pixels spread from scratch
        "resize": {"plan/map_chains.hpp"}}     # rows that are enlarged for the next layer


def main():
    text = {path.relative_to(ROOT).as_posix(): path.read_text() for path in ROOT.rglob("*.hpp")}
    enumerators = re.findall(r"^  (\w+),", LIST.read_text(), re.MULTILINE)
    kernels = {}
    for name, content in text.items():
        for operator in re.findall(r"kMapKernel<Operator::(\w+)> =", content):
            kernels[operator] = name
    found = [f"{LIST}: has no {operator}" for operator in sorted(set(kernels) - set(enumerators))]
    for operator, kernel in kernels.items():
        if operator in PLANNED:
            continue
        for name, content in text.items():
            allowed = name in GRAPH | ALSO.get(operator, set()) | {kernel} or name.startswith(FILES)
            if not allowed and re.search(rf"\bOperator::{operator}\b", content):
                found.append(f"{ROOT / name}: names Operator::{operator}, see kernels/README.md")
    if len(kernels) < 12:
        found.append(f"only {len(kernels)} operators have a kernel")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
