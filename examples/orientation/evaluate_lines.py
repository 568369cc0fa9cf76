"""Judges networks for lines by what `classify` says about the pictures of a set.

    python3 evaluate_lines.py write SET FOLDER      each line as PNG, upright (_0) and turned (_1)
    classify --json --weights FILE FOLDER > NAME.jsonl
    python3 evaluate_lines.py table SET NAME.jsonl...

SET is the prefix of shards of `pool.py lines`.
"""
import glob
import json
import os
import pickle
import re
import sys

import numpy as np

import drawing


def facts_of(prefix):
    facts = []
    for path in sorted(glob.glob(f"{prefix}*.pkl")):
        with open(path, "rb") as file:
            facts += pickle.load(file)
    return facts


def write(prefix, folder):
    os.makedirs(folder, exist_ok=True)
    for number, (data, _) in enumerate(facts_of(prefix)):
        picture = drawing.decode(data)
        for turn, view in enumerate((picture, picture[::-1, ::-1])):
            with open(f"{folder}/{number:05}_{turn}.png", "wb") as file:
                file.write(drawing.encode(np.ascontiguousarray(view), ".png"))


def right_answers(path, count):
    """For each line, the share of its two turns that is answered rightly."""
    right = np.zeros((count, 2))
    with open(path, encoding="utf-8") as file:
        for line in file:
            answer = json.loads(line)
            number, turn = map(int, re.search(r"(\d+)_(\d)\.png$", answer["file"]).groups())
            right[number, turn] = answer["predictions"][0]["class_id"] == turn
    return right.mean(1)


def bin_of(value, edges):
    """The name of the interval between two of `edges` that holds `value`."""
    low = max(e for e in edges if e <= value)
    above = [e for e in edges if e > value]
    return f"{low}–{above[0] - 1}" if above else f"{low} or more"


def table(prefix, paths):
    facts = [f for _, f in facts_of(prefix)]
    columns = [right_answers(path, len(facts)) for path in paths]
    groups = {
        "": [""] * len(facts),
        "script": [f["script"] for f in facts],
        "picture": [f["kind"] for f in facts],
        "height of letters, pixels": [bin_of(f["height"], (0, 16, 24, 36, 52)) for f in facts],
        "characters": [bin_of(len(f["text"]), (2, 4, 7, 13, 25, 41)) for f in facts],
    }
    names = [os.path.basename(p).rsplit(".", 1)[0] for p in paths]
    for title, values in groups.items():
        print(f"\n| {title} | lines | " + " | ".join(names) + " |\n|---|--:|" + "--:|" * len(names))
        key = (lambda v: int(re.match(r"\d+", v)[0])) if title[:4] in ("heig", "char") else str
        for value in sorted(set(values), key=key):
            chosen = np.array([v == value for v in values])
            print(
                f'| {value or "all"} | {chosen.sum():,} | '
                + " | ".join(f"{100 * c[chosen].mean():.2f}" for c in columns)
                + " |"
            )


if __name__ == "__main__":
    {"write": lambda: write(*sys.argv[2:]), "table": lambda: table(sys.argv[2], sys.argv[3:])}[
        sys.argv[1]
    ]()
