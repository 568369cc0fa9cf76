"""Judges the network for tiles by whole pages, as `orientation.py` reads them.

    python3 evaluate_pages.py read LAST.pt SET OUT     probabilities of all tiles, in all four turns
    python3 evaluate_pages.py calibrate OUT            which DOUBT and SHARPNESS fit a set
    python3 evaluate_pages.py table OUT                accuracy and reliability, as Markdown
    python3 evaluate_pages.py textless OUT             of a set of `pool.py textless`
    python3 evaluate_pages.py picture LAST.pt FILE...  what is said about pictures

A page is resized once and its tiles are turned: that is the same but for rounding.
"""
import os
import pickle
import sys

import cv2
import numpy as np
import torch

import drawing
import export
import orientation
from evaluate_lines import bin_of, facts_of


def read(weights, prefix, out):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = export.load(weights, "tile")
    answers = []
    for data, facts in facts_of(prefix):
        upright = orientation.tiles(np.ascontiguousarray(drawing.decode(data)))
        answers.append(
            (
                [
                    orientation.probabilities(net, np.rot90(upright, turn, (1, 2)))
                    for turn in range(4)
                ],
                facts,
            )
        )
    with open(out, "wb") as file:
        pickle.dump(answers, file)


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def confidences(answers, **settings):
    """Pages x turns x classes."""
    return np.array(
        [[orientation.confidence(p, **settings) for p in turns] for turns, _ in answers]
    )


def calibrate(path):
    answers = load(path)
    for doubt in (0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3):
        for sharpness in (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0):
            c = confidences(answers, doubt=doubt, sharpness=sharpness)
            own = np.stack([c[:, k, k] for k in range(4)], 1)
            right = np.mean([c[:, k].argmax(1) == k for k in range(4)])
            print(
                f"{doubt:.2f} {sharpness:.2f} accuracy {right:.4f} "
                f"loss {-np.log(np.maximum(own, 1e-12)).mean():.4f}"
            )


def table(path):
    answers = load(path)
    facts = [f for _, f in answers]
    c = confidences(answers)
    right = np.stack([c[:, k].argmax(1) == k for k in range(4)], 1)
    sure = c.max(2) >= orientation.SURE
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
    print("\n| confidence | answers | mean confidence, % | right, % |\n|---|--:|--:|--:|")
    edges = (0, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999, 1.01)
    highest = c.max(2)
    for low, high in zip(edges, edges[1:]):
        chosen = (highest >= low) & (highest < high)
        if chosen.any():
            print(
                f"| {low:g}–{min(1, high):g} | {chosen.sum():,} | "
                f"{100 * highest[chosen].mean():.1f} | {100 * right[chosen].mean():.1f} |"
            )


def textless(path):
    """How often pictures without text are said to be sure."""
    sure = confidences(load(path)).max(2) >= orientation.SURE
    print(f"{sure.size:,} answers about pictures without text: {100 * sure.mean():.2f} % sure")


def picture(weights, paths):
    """What is said about the pictures in files, in all four turns."""
    net = export.load(weights, "tile")
    for path in paths:
        page = np.ascontiguousarray(cv2.imread(path)[..., ::-1])
        for turn in range(4):
            tiles = orientation.tiles(np.ascontiguousarray(np.rot90(page, turn)))
            c = orientation.confidence(orientation.probabilities(net, tiles))
            print(os.path.basename(path), turn, c.argmax(), np.round(c, 3))


if __name__ == "__main__":
    ARGUMENTS = sys.argv[2:]
    {
        "read": lambda: read(*ARGUMENTS),
        "calibrate": lambda: calibrate(*ARGUMENTS),
        "table": lambda: table(*ARGUMENTS),
        "textless": lambda: textless(*ARGUMENTS),
        "picture": lambda: picture(ARGUMENTS[0], ARGUMENTS[1:]),
    }[sys.argv[1]]()
