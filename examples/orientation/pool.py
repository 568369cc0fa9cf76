"""Draws pools of pictures for training, and the sets they are judged by.

    python3 pool.py lines|tiles|textless|text_signs|pages SPLIT SEED COUNT TEXTS FOLDER

writes FOLDER/NAME_SPLIT_SEED_NUMBER.pkl, lists of (encoded picture, facts). A run that was cut off
continues with the first shard that is missing: each has random numbers of its own.
"""
import os
import pickle
import random
import sys

import cv2

import degrade
import drawing
import lines
import texts

SHARD = 1000


def training_line(studio):
    script = studio.script()
    picture, box, _ = lines.line(studio, script)
    return drawing.encode(picture), {"script": script, "box": box}


def judged_line(studio):
    """As a text detector and a camera leave it. Half of the damage is done upside down."""
    script = studio.script()
    picture, box, text = lines.line(studio, script)
    picture = degrade.crop_line(studio, picture, box)
    rotated = studio.rng.random() < 0.5
    if rotated:
        picture = picture[::-1, ::-1].copy()
    picture, kind = degrade.degrade(studio, picture, box[3] - box[1])
    if rotated:
        picture = picture[::-1, ::-1]
    return drawing.encode(picture, ".png"), {
        "script": script,
        "kind": kind,
        "text": text,
        "height": box[3] - box[1],
    }


def main():
    what, split, seed, count, text_file, folder = sys.argv[1:]
    cv2.setNumThreads(1)
    corpus = texts.load(text_file)
    os.makedirs(folder, exist_ok=True)
    if what == "lines":
        drawn = training_line if split == "train" else judged_line
    else:
        import pages  # pylint: disable=import-outside-toplevel

        drawn = {
            "tiles": pages.training_tiles,
            "pages": pages.judged_page,
            "textless": pages.textless_tile,
            "text_signs": pages.text_sign,
        }[what]
    for number in range(-(-int(count) // SHARD)):
        path = f"{folder}/{what}_{split}_{seed}_{number:03}.pkl"
        if os.path.exists(path):
            continue
        studio = drawing.Studio(corpus, split, random.Random(f"{what} {split} {seed} {number}"))
        items = []
        while len(items) < min(SHARD, int(count)):
            try:
                made = drawn(studio)
            except OSError:  # a font's program that FreeType does not run
                continue
            items += made if isinstance(made, list) else [made]
        with open(path + ".part", "wb") as file:
            pickle.dump(items, file)
        os.rename(path + ".part", path)


if __name__ == "__main__":
    main()
