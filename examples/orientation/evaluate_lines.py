"""Judges networks for lines by what the program says about the pictures of a set.

    python3 evaluate_lines.py write SET FOLDER      each line as PNG, upright (_0) and rotated (_1)
    pplcnet classify --json --weights FILE FOLDER > NAME.jsonl      one prediction: PaddleOCR's way
    pplcnet orient --json --weights FILE FOLDER > OTHER.jsonl       pieces in both rotations
    python3 evaluate_lines.py table SET NAME.jsonl...
    python3 evaluate_lines.py reliability OTHER.jsonl
    python3 evaluate_lines.py calibrate LAST.pt SET   which doubt and sharpness fit a set

SET is the prefix of shards of `pool.py lines`.
"""
import glob
import json
import os
import pickle
import re
import sys

import cv2
import numpy as np
import torch

import drawing
import export
import model
import orientation


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
        for rotation, view in enumerate((picture, picture[::-1, ::-1])):
            with open(f"{folder}/{number:05}_{rotation}.png", "wb") as file:
                file.write(drawing.encode(np.ascontiguousarray(view), ".png"))


def right_predictions(path, count):
    """For each line, the share of its two rotations that is predicted rightly."""
    right = np.zeros((count, 2))
    with open(path, encoding="utf-8") as file:
        for line in file:
            prediction = json.loads(line)
            number, rotation = place_of(prediction)
            right[number, rotation] = rotation_of(prediction) == rotation
    return right.mean(1)


def place_of(prediction):
    """Number of the line, and its rotation."""
    return map(int, re.search(r"(\d+)_(\d)\.png$", prediction["file"]).groups())


def rotation_of(prediction):
    """What `orient` or `classify` says."""
    if "angle" in prediction:
        return prediction["angle"] // 180
    return prediction["predictions"][0]["class_id"]


def bin_of(value, edges):
    """The name of the interval between two of `edges` that holds `value`."""
    low = max(e for e in edges if e <= value)
    above = [e for e in edges if e > value]
    return f"{low}–{above[0] - 1}" if above else f"{low} or more"


def table(prefix, paths):
    facts = [f for _, f in facts_of(prefix)]
    columns = [right_predictions(path, len(facts)) for path in paths]
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


def reliability(path):
    with open(path, encoding="utf-8") as file:
        predictions = [json.loads(line) for line in file]
    confidences = np.array([a["confidence"] for a in predictions])
    right = np.array([rotation_of(a) == list(place_of(a))[1] for a in predictions])
    print_reliability(confidences, right)


def print_reliability(confidences, right):
    print("\n| confidence | predictions | mean confidence, % | accuracy, % |\n|---|--:|--:|--:|")
    edges = (0, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999, 1.01)
    for low, high in zip(edges, edges[1:]):
        chosen = (confidences >= low) & (confidences < high)
        if chosen.any():
            print(
                f"| {low:g}–{min(1, high):g} | {chosen.sum():,} | "
                f"{100 * confidences[chosen].mean():.1f} | {100 * right[chosen].mean():.1f} |"
            )


def calibrate(weights, prefix):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = export.load(weights, "line")
    size = model.LINE_SIZE[::-1]
    predictions = []
    for data, _ in facts_of(prefix):
        pieces = orientation.pieces(drawing.decode(data))
        resized = np.stack([cv2.resize(piece, size) for piece in pieces])
        predictions.append(orientation.predictions(net, resized, 2))
    print_fits(predictions, (0.0, 0.01, 0.02, 0.04, 0.08), (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5))


def print_fits(predictions, doubts, sharpnesses):
    """Accuracy on upright pictures by the calibration of the evidence."""
    for doubt in doubts:
        for sharpness in sharpnesses:
            c = np.array([orientation.confidence(one, doubt, sharpness) for one in predictions])
            print(
                f"{doubt:.2f} {sharpness:.2f} accuracy {(c.argmax(1) == 0).mean():.4f} "
                f"loss {-np.log(np.maximum(c[:, 0], 1e-12)).mean():.4f}"
            )


if __name__ == "__main__":
    ARGUMENTS = sys.argv[2:]
    {
        "write": lambda: write(*ARGUMENTS),
        "table": lambda: table(ARGUMENTS[0], ARGUMENTS[1:]),
        "reliability": lambda: reliability(*ARGUMENTS),
        "calibrate": lambda: calibrate(*ARGUMENTS),
    }[sys.argv[1]]()
