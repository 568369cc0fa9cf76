#!/usr/bin/env python3
"""Checks the shape of the library: includes run one way through its folders, no header has more
than 300 lines, no function more than 60, no network's file more than 60, and the top level holds
what it says it does."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path("include/pplcnet")
# What every folder may include.
FOUNDATION = {"abi", "compiled", "version", "huge_pages", "rounding"}
# The folders and the headers beside them that each folder may include.
ARROWS = {
    "graph": set(),
    "networks": {"graph"},
    "plan": {"graph"},
    "quantise": {"graph", "plan", "weights", "any_quantised_network", "picture"},
    "train": {"graph", "plan", "weights", "image", "network", "any_network", "picture"},
    "kernels": {"graph", "plan", "quantise", "train", "picture"},
    "weights": {"graph", "plan", "network", "any_network", "picture"},
    "image": {"weights", "picture"},
    "detect": {"graph", "image"},
    "text": {"graph", "weights", "image"},
    "models": {"graph", "networks", "plan", "network", "image", "weights"},
    "open": {"graph", "networks", "plan", "network", "any_network", "any_quantised_network",
             "quantise", "picture", "image", "weights", "models", "detect", "text", "line_reader",
             "text_reader"},
}
MOST_LINES, MOST_OF_FUNCTION, MOST_OF_NETWORK = 300, 60, 60
# Beside its function a PP-LCNet has options of its own, and a definition that checks them.
LONG_NETWORKS = {f"pplcnet_v{generation}.hpp" for generation in (1, 2, 3, 4)}
TOP = {"CMakeLists.txt", "include", "examples", "tests", "bench", "single_include"}
ROOT_FILE = re.compile(r"[A-Z]+(\.md)?|\.[\w.-]+|CMakePresets\.json|pyproject\.toml|setup\.py")
TABLES = {"models/imagenet_labels.hpp"}  # data


def room(header):
    return header.split("/")[0] if "/" in header else header.removesuffix(".hpp")


def wrong_arrows():
    for path in sorted(ROOT.rglob("*.hpp")):
        own = path.relative_to(ROOT).as_posix()
        allowed = ARROWS.get(room(own)) if "/" in own else None
        if allowed is None:
            continue
        for included in re.findall(r'#include "pplcnet/([^"]+)"', path.read_text()):
            target = room(included)
            if target not in allowed | FOUNDATION | {room(own)}:
                yield f"{path}: {room(own)} may not include {included}"


def long_functions(path):
    """A function begins at a line that ends with `{` after a parameter list, and ends at the next
    brace that is no further to the right."""
    lines = path.read_text().split("\n")
    for number, line in enumerate(lines):
        if not line.endswith("{") or not re.search(r"\)[ \w]*{$", line):
            continue
        if re.match(r"\s*(if|for|while|switch|else|} else|catch|#)", line):
            continue
        indent = len(line) - len(line.lstrip())
        for end in range(number + 1, len(lines)):
            depth = len(lines[end]) - len(lines[end].lstrip())
            if lines[end].lstrip().startswith("}") and depth <= indent:
                if end - number - 1 > MOST_OF_FUNCTION:
                    yield f"{path}:{number + 1}: a function of {end - number - 1} lines"
                break


def long_networks():
    """Blocks and names of several networks are in folders of their own."""
    for path in sorted((ROOT / "networks").glob("*.hpp")):
        lines = path.read_text().count("\n")
        if lines > MOST_OF_NETWORK and path.name not in LONG_NETWORKS:
            yield f"{path}: a network of {lines} lines, at most {MOST_OF_NETWORK}"


def complaints():
    yield from wrong_arrows()
    yield from long_networks()
    for path in sorted(ROOT.rglob("*.hpp")):
        lines = path.read_text().count("\n")
        if lines > MOST_LINES:
            yield f"{path}: {lines} lines, at most {MOST_LINES}"
        if path.relative_to(ROOT).as_posix() not in TABLES:
            yield from long_functions(path)
    for path in sorted([*pathlib.Path("examples").rglob("*.[ch]pp"),
                        *pathlib.Path("bench").rglob("*.[ch]pp")]):
        yield from long_functions(path)
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False)
    top = {name.split("/")[0] for name in tracked.stdout.split()}
    for name in sorted(top - TOP):
        if not ROOT_FILE.fullmatch(name):
            yield f"{name}: does not belong to the top level"


def main():
    found = list(complaints())
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
