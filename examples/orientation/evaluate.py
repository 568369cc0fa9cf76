"""Judges what the program says about a set of pictures that `pool.py` drew.

    python3 evaluate.py rotate SET FOLDER          each picture in 2 rotations (lines) or 4 (pages)
    pplcnet orient --json [--lines] FOLDER > NAME.jsonl
    pplcnet classify --json --weights FILE FOLDER > OTHER.jsonl      lines as PaddleOCR reads them
    python3 evaluate.py table SET NAME.jsonl...    right predictions in per cent, as Markdown
    python3 evaluate.py sure SET NAME.jsonl        and of those that are sure
    python3 evaluate.py reliability NAME.jsonl...  confidence and accuracy
    python3 evaluate.py sharpness NAME.jsonl...    which factor of the evidence fits

SET is the beginning of the names of folders, such as DATA/lines_test. Nothing is encoded anew when a
picture is rotated: its Exif data ask for it.
"""
import glob
import json
import os
import re
import struct
import sys
import zlib

import numpy as np

EXIF = {0: 1, 90: 6, 180: 3, 270: 8}  # degrees clockwise, and the orientation that asks for them
SURE = 0.8
GROUPS = ("", "script", "sort", "layout", "kind", "height", "em", "text")
TITLES = {
    "kind": "picture",
    "height": "height of letters, pixels",
    "em": "height of letters, pixels",
    "text": "characters",
}
EDGES = {"height": (0, 16, 24, 36, 52), "em": (13, 18, 24, 32), "text": (2, 4, 7, 13, 25, 41)}


def facts_of(prefix):
    """What is known about each picture, by its folder and number."""
    facts = {}
    for path in sorted(glob.glob(f"{prefix}*/facts.jsonl")):
        folder = os.path.basename(os.path.dirname(path))
        with open(path, encoding="utf-8") as file:
            for line in file:
                fact = json.loads(line)
                fact["path"] = f"{os.path.dirname(path)}/{fact['file']}"
                facts[folder, int(fact["file"].split(".")[0])] = fact
    return facts


def with_orientation(data, asked):
    """A JPEG or PNG file whose Exif data ask for a rotation."""
    tiff = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, asked, 0)
    if data[:2] == b"\xff\xd8":
        segment = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
        return data[:2] + segment + data[2:]
    chunk = struct.pack(">I", len(tiff)) + b"eXIf" + tiff
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + tiff))
    return data[:33] + chunk + data[33:]  # after IHDR


def rotate(prefix, out):
    for (folder, number), fact in facts_of(prefix).items():
        os.makedirs(f"{out}/{folder}", exist_ok=True)
        with open(fact["path"], "rb") as file:
            data = file.read()
        suffix = os.path.splitext(fact["path"])[1]
        for angle in EXIF if "layout" in fact else (0, 180):
            with open(f"{out}/{folder}/{number:04}_{angle}{suffix}", "wb") as file:
                file.write(with_orientation(data, EXIF[angle]))


def predictions(path):
    """(folder, number) -> the angle that is meant -> (whether it was found, confidence)."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            folder, number, angle = re.search(r"([^/]+)/(\d+)_(\d+)\.\w+$", one["file"]).groups()
            if "angle" in one:
                said, confidence = one["angle"], one["confidence"]
            else:
                best = one["predictions"][0]
                said, confidence = int(best["label"].split("_")[0]), best["score"]
            found.setdefault((folder, int(number)), {})[int(angle)] = (
                said == int(angle),
                confidence,
            )
    return found


def bin_of(value, edges):
    low = max(edge for edge in edges if edge <= max(value, edges[0]))
    above = [edge for edge in edges if edge > low]
    return f"{low}–{above[0] - 1}" if above else f"{low} or more"


def group_of(name, fact):
    """Of which group of pictures one is; None if it is of none."""
    if not name:
        return "all"
    if name not in fact:
        return None
    value = len(fact[name]) if name == "text" else fact[name]
    return bin_of(value, EDGES[name]) if name in EDGES else value


def grouped(facts, keys):
    """Names of groups, and each group with the pictures in it."""
    for name in GROUPS:
        groups = {}
        for key in keys:
            group = group_of(name, facts[key])
            if group is not None:
                groups.setdefault(group, []).append(key)
        order = (lambda g: int(re.match(r"\d+", g)[0])) if name in EDGES else str
        if groups:
            yield TITLES.get(name, name), [(g, groups[g]) for g in sorted(groups, key=order)]


def share(results, keys):
    """Of the predictions about some pictures: how many are right, in per cent."""
    return 100 * np.mean([right for key in keys for right, _ in results[key].values()])


def table(prefix, *paths):
    facts, results = facts_of(prefix), [predictions(path) for path in paths]
    keys = [key for key in facts if all(key in one for one in results)]
    names = [os.path.basename(path).rsplit(".", 1)[0] for path in paths]
    for title, groups in grouped(facts, keys):
        print(f"\n| {title} | pictures | {' | '.join(names)} |\n|---|--:|{'--:|' * len(names)}")
        for group, members in groups:
            shares = " | ".join(f"{share(one, members):.2f}" for one in results)
            print(f"| {group} | {len(members):,} | {shares} |")


def sure(prefix, path):
    facts, results = facts_of(prefix), predictions(path)
    keys = [key for key in facts if key in results]
    for title, groups in grouped(facts, keys):
        print(f"\n| {title} | pictures | right, % | sure, % | right when sure, % |")
        print("|---|--:|--:|--:|--:|")
        for group, members in groups:
            all_of_them = [one for key in members for one in results[key].values()]
            chosen = [right for right, confidence in all_of_them if confidence >= SURE]
            print(
                f"| {group} | {len(members):,} | {share(results, members):.2f} | "
                f"{100 * len(chosen) / len(all_of_them):.1f} | {100 * np.mean(chosen):.2f} |"
            )


def every_prediction(paths):
    """Confidences, and whether they are right."""
    pairs = [
        pair for path in paths for one in predictions(path).values() for pair in one.values()
    ]
    return np.array([c for _, c in pairs]), np.array([right for right, _ in pairs])


def reliability(*paths):
    confidences, right = every_prediction(paths)
    print("| confidence | predictions | mean confidence, % | accuracy, % |\n|---|--:|--:|--:|")
    edges = (0, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999, 1.01)
    for low, high in zip(edges, edges[1:]):
        chosen = (confidences >= low) & (confidences < high)
        if chosen.any():
            print(
                f"| {low:g}–{min(1, high):g} | {chosen.sum():,} | "
                f"{100 * confidences[chosen].mean():.1f} | {100 * right[chosen].mean():.1f} |"
            )


def sharpness(*paths):
    """Mean loss by a factor of the evidence that these confidences have: exponents of
    EvidenceCalibration are to be multiplied by the best one."""
    confidences, right = every_prediction(paths)
    odds = np.log(np.maximum(confidences, 1e-12)) - np.log(np.maximum(1 - confidences, 1e-12))
    for factor in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0):
        # Where a prediction is wrong, the true one is taken for the second of two.
        loss = np.logaddexp(0, np.where(right, -1, 1) * factor * odds)
        print(f"{factor:4.2f} loss {loss.mean():.5f}")


if __name__ == "__main__":
    {
        "rotate": rotate,
        "table": table,
        "sure": sure,
        "reliability": reliability,
        "sharpness": sharpness,
    }[sys.argv[1]](*sys.argv[2:])
