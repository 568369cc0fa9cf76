"""Judges the network for tiles by whole pages, as `orientation.py` reads them.

    python3 evaluate_pages.py read LAST.pt SET OUT     predicts for all tiles
    python3 evaluate_pages.py calibrate OUT            which doubt and sharpness fit a set
    python3 evaluate_pages.py table OUT                accuracy and reliability, as Markdown
    python3 evaluate_pages.py textless OUT             of a set of `pool.py textless`
    python3 evaluate_pages.py picture LAST.pt FILE...  what is said about pictures

or, by the program itself:

    python3 evaluate_pages.py write SET FOLDER         pages in all four rotations
    pplcnet orient --json --threads 2 FOLDER > NAME.jsonl
    python3 evaluate_pages.py program SET NAME.jsonl   accuracy and reliability

Rotated by quarters a page has the same tiles, and each is predicted in the same four rotations; the
result is another only where rounding is.
"""
import json
import os
import pickle
import re
import struct
import sys

import cv2
import numpy as np
import torch

import drawing
import export
import orientation
from evaluate_lines import bin_of, facts_of, print_fits, print_reliability

ROTATIONS = {0: 1, 90: 6, 180: 3, 270: 8}  # degrees clockwise, and the Exif orientation


def read(weights, prefix, out):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = export.load(weights, "tile")
    predictions = []
    for data, facts in facts_of(prefix):
        tiles = orientation.tiles(np.ascontiguousarray(drawing.decode(data)))
        predictions.append((orientation.predictions(net, tiles, 4), facts))
    with open(out, "wb") as file:
        pickle.dump(predictions, file)


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def confidences(predictions):
    """Pages x rotations."""
    return np.array([orientation.confidence(one, **orientation.PAGES) for one, _ in predictions])


def calibrate(path):
    print_fits(
        [one for one, _ in load(path)],
        (0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3),
        (0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.25),
    )


def write(prefix, folder):
    """Pages as JPEG files in all rotations, which their Exif data ask for: nothing is encoded anew."""
    os.makedirs(folder, exist_ok=True)
    for number, (data, _) in enumerate(facts_of(prefix)):
        jpeg = data.tobytes()
        for angle, asked in ROTATIONS.items():
            tiff = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, asked, 0)
            segment = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
            with open(f"{folder}/{number:05}_{angle}.jpg", "wb") as file:
                file.write(jpeg[:2] + segment + jpeg[2:])


def program(prefix, path):
    """Tables of the program's predictions about the files of `write`."""
    facts = [f for _, f in facts_of(prefix)]
    confidence, right = np.zeros((2, len(facts), len(ROTATIONS)))
    with open(path, encoding="utf-8") as file:
        for line in file:
            prediction = json.loads(line)
            number, angle = map(int, re.search(r"(\d+)_(\d+)\.jpg$", prediction["file"]).groups())
            confidence[number, angle // 90] = prediction["confidence"]
            right[number, angle // 90] = prediction["angle"] == angle
    print(f"{len(facts):,} pages in {len(ROTATIONS)} rotations; right in each:", right.mean(0))
    print_tables(facts, right, confidence)


def table(path):
    predictions = load(path)
    c = confidences(predictions)
    print_tables([f for _, f in predictions], (c.argmax(1) == 0)[:, None], c.max(1)[:, None])


def print_tables(facts, right, confidence):
    sure = confidence >= orientation.SURE
    groups = {
        "": [""] * len(facts),
        "script": [f["script"] for f in facts],
        "layout": [f["layout"] for f in facts],
        "picture": [f["kind"] for f in facts],
        "height of letters, pixels": [bin_of(f["em"], (13, 18, 24, 32)) for f in facts],
    }
    for title, values in groups.items():
        print(
            f"\n| {title} | pages | right, % | sure, % | right when sure, % |"
            "\n|---|--:|--:|--:|--:|"
        )
        for value in sorted(set(values)):
            chosen = np.array([v == value for v in values])
            print(
                f'| {value or "all"} | {chosen.sum():,} | {100 * right[chosen].mean():.2f} | '
                f"{100 * sure[chosen].mean():.1f} | "
                f"{100 * right[chosen][sure[chosen]].mean():.2f} |"
            )
    print_reliability(confidence.ravel(), right.ravel())


def textless(path):
    """How often pictures without text are said to be sure."""
    sure = confidences(load(path)).max(1) >= orientation.SURE
    print(f"{sure.size:,} predictions about pictures without text: {100 * sure.mean():.2f} % sure")


def picture(weights, paths):
    """What is said about the pictures in files."""
    net = export.load(weights, "tile")
    for path in paths:
        page = np.ascontiguousarray(cv2.imread(path)[..., ::-1])
        c = orientation.confidence(
            orientation.predictions(net, orientation.tiles(page), 4), **orientation.PAGES
        )
        print(os.path.basename(path), c.argmax(), np.round(c, 3))


if __name__ == "__main__":
    ARGUMENTS = sys.argv[2:]
    {
        "read": lambda: read(*ARGUMENTS),
        "calibrate": lambda: calibrate(*ARGUMENTS),
        "table": lambda: table(*ARGUMENTS),
        "write": lambda: write(*ARGUMENTS),
        "program": lambda: program(*ARGUMENTS),
        "textless": lambda: textless(*ARGUMENTS),
        "picture": lambda: picture(ARGUMENTS[0], ARGUMENTS[1:]),
    }[sys.argv[1]]()
