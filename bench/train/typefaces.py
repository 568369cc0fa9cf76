#!/usr/bin/env python3
"""Writes lines of text in five typefaces, a folder for each, to compare `pplcnet train` with `fit`.

    bench/train/typefaces.py TARGET [PICTURES]

TARGET gets the folders train and test, with PICTURES (40) of each typeface; those for tests have
other words, colours and sizes. Needs Debian's python3-pil and fonts-dejavu."""

import pathlib
import random
import sys

from PIL import Image, ImageDraw, ImageFilter, ImageFont

FOLDER = pathlib.Path("/usr/share/fonts/truetype/dejavu")
FACES = ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold"]
WORDS = {
    "train": "the lamp behind a small room of maps was printed upside down on every invitation and "
             "nobody noticed until Marta said so eleven of us met in the old library this Thursday",
    "test": "three short stories from islands were named with letters that one beekeeper writes to "
            "his village please send your choice before December or vote by post 84.50 is left",
}


def draw(face, words, chance):
    """A line on paper, turned by up to two degrees, blurred a little, with noise."""
    size = chance.randrange(18, 41)
    text = " ".join(chance.sample(words, chance.randrange(2, 6)))
    font = ImageFont.truetype(str(FOLDER / f"{face}.ttf"), size)
    left, top, right, bottom = font.getbbox(text)
    margin = size * chance.uniform(0.1, 0.6)
    extent = (round(right - left + 2 * margin), round(bottom - top + 2 * margin))
    paper, ink = chance.randrange(170, 256), chance.randrange(0, 110)
    tint = [chance.randrange(-25, 26) for _ in range(3)]
    if chance.random() < 0.3:
        paper, ink = ink, paper
    picture = Image.new("RGB", extent, tuple(paper + one for one in tint))
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, font=font,
                                 fill=tuple(ink + one for one in tint))
    picture = picture.rotate(chance.uniform(-2, 2), Image.BICUBIC,
                             fillcolor=tuple(paper + one for one in tint))
    picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(0, size / 30)))
    noise = Image.effect_noise(extent, chance.uniform(1, 25)).convert("RGB")
    return Image.blend(picture, noise, 0.1)


def main():
    target = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    for part, words in WORDS.items():
        chance = random.Random(part)
        for face in FACES:
            folder = target / part / face
            folder.mkdir(parents=True, exist_ok=True)
            for i in range(count):
                draw(face, words.split(), chance).save(folder / f"{i:03}.png")


if __name__ == "__main__":
    main()
