"""Draws sets of pictures: those that are learnt from, and those that networks are judged by.

    python3 pool.py WHAT SPLIT SEED COUNT TEXTS FOLDER [SCRIPT=WEIGHT...]

WHAT is `lines`, `signs` (lines of signs, of display type, standing ones), `pages`, `posters` (pages
of signs, and of columns), `tiles` (of pages), `poster_tiles`, `sign_tiles` or `textless`; SPLIT is
train, valid or test. All pictures are upright. FOLDER/WHAT_SPLIT_SEED_NUMBER has up to a thousand of
them, and what is known about them in facts.jsonl. A run that was cut off continues with the first
folder that is missing: each has random numbers of its own.

Of the split `train`, and of tiles, what is drawn are views as the networks see them, with random
damage; of the others whole pictures as cameras and scanners leave them. SCRIPT=WEIGHT, such as
thai=3 bengali=2, is for pictures of these scripts alone.
"""
import json
import os
import random
import shutil
import sys

import cv2
import numpy as np

import augment
import degrade
import drawing
import lines
import pages
import posters
import signs
import texts

SHARD = 1000
VIEWS = 2  # of each drawn line


def drawn_line(studio):
    script = studio.script()
    picture, box, text = lines.line(studio, script)
    return picture, box, {"script": script, "text": text}


def drawn_sign(studio):
    sort = studio.rng.choices(signs.KINDS, (40, 35, 25))[0]
    picture, box, text, script = signs.line(studio, sort)
    return picture, box, {"script": script, "sort": sort, "text": text}


def line_views(studio, draw):
    """A line, more than once: each time damaged in another way."""
    picture, box, facts = draw(studio)
    views = []
    for _ in range(VIEWS):
        strength = studio.rng.uniform(0.3, 1)
        view = augment.line_view(picture, box, studio.rng, studio.noise, strength)
        views.append((drawing.encode(view, ".png"), {"script": facts["script"]}))
    return views


def judged_line(studio, draw):
    """As a text detector and a camera leave it. Half of the damage is done upside down."""
    picture, box, facts = draw(studio)
    picture = degrade.crop_line(studio, picture, box)
    rotated = studio.rng.random() < 0.5
    if rotated:
        picture = picture[::-1, ::-1].copy()
    picture, kind = degrade.degrade(studio, picture, box[3] - box[1])
    if rotated:
        picture = picture[::-1, ::-1]
    if facts.get("sort") == "standing":
        picture = np.rot90(picture, -1)  # as it stands in the picture that it was cut out of
    facts = {**facts, "kind": kind, "height": box[3] - box[1]}
    return [(drawing.encode(np.ascontiguousarray(picture), ".png"), facts)]


def tile_views(studio, patches, largest=60):
    """A view of each patch."""
    views = []
    for picture, facts in patches:
        strength = studio.rng.uniform(0.3, 1)
        view, tells = augment.tile_view(
            picture, facts, studio.rng, studio.noise, strength, largest
        )
        if tells or facts["script"] == "none":
            views.append((drawing.encode(view, ".png"), {"script": facts["script"]}))
    return views


def tiles(studio):
    drawn = pages.draw_page(studio, 16, 44, 1800, pages.LAYOUTS)
    return tile_views(studio, pages.patches(studio, drawn))


def poster_tiles(studio):
    return tile_views(studio, pages.patches(studio, posters.draw(studio, 16, 60, 1400), 12), 90)


def poster(studio):
    return posters.draw(studio, 14, 70, 1800)


WHATS = {
    "lines": lambda s: (line_views if s.split == "train" else judged_line)(s, drawn_line),
    "signs": lambda s: (line_views if s.split == "train" else judged_line)(s, drawn_sign),
    "pages": lambda s: [pages.judged(s)],
    "posters": lambda s: [pages.judged(s, poster)],
    "tiles": tiles,
    "poster_tiles": poster_tiles,
    "sign_tiles": lambda s: tile_views(s, [pages.text_sign(s)], 90),
    "textless": lambda s: tile_views(s, [pages.textless(s)]),
}


def suffix(data):
    return ".png" if data[:4].tobytes() == b"\x89PNG" else ".jpg"


def fill(folder, studio, draw, count):
    """Draws `count` pictures into a folder that appears when it is complete."""
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    with open(f"{part}/facts.jsonl", "w", encoding="utf-8") as file:
        number = 0
        while number < count:
            try:
                made = draw(studio)
            except OSError:  # a font's program that FreeType does not run
                continue
            for data, facts in made[: count - number]:
                name = f"{number:04}{suffix(data)}"
                data.tofile(f"{part}/{name}")
                file.write(json.dumps({"file": name, **facts}, ensure_ascii=False) + "\n")
                number += 1
    os.rename(part, folder)


def main():
    what, split, seed, count, text_file, folder, *scripts = sys.argv[1:]
    weights = {name: float(weight) for name, weight in (one.split("=") for one in scripts)}
    cv2.setNumThreads(1)
    corpus = texts.load(text_file)
    count = int(count)
    for number in range(-(-count // SHARD)):
        path = f"{folder}/{what}_{split}_{seed}_{number:03}"
        if os.path.exists(path):
            continue
        rng = random.Random(f"{what} {split} {seed} {number}")
        studio = drawing.Studio(corpus, split, rng, weights)
        fill(path, studio, WHATS[what], min(SHARD, count - number * SHARD))


if __name__ == "__main__":
    main()
