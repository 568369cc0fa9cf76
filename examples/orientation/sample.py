"""Draws what the project's README asks about: a page rotated by 90 degrees, a line of it by 180.

    python3 sample.py ../page.jpg ../line.png
"""
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FACE = "/usr/share/fonts/truetype/dejavu/DejaVuSerif{}.ttf"
TITLE = "Minutes of the reading circle"
PARAGRAPHS = (
    "Eleven of us met on Thursday in the old library. The heating was off, so we moved to the "
    "small room behind the catalogue, where the lamp is better anyway.",
    "We finished the chapter on lighthouses. Marta had brought a photograph of the one near her "
    "village, which was printed upside down on the invitation; nobody had noticed until she said "
    "so. It was agreed that from now on somebody looks at the page before it is copied.",
    "The book for December is still open. Three titles were named: a history of maps, the letters "
    "of a beekeeper, and short stories from the islands. Please send your choice before the "
    "twentieth. Those who cannot come may vote by post.",
    "The till holds 84.50 after coffee and biscuits. Next meeting: 17 December at half past six, "
    "same place, with a warmer coat.",
)
LINE = (52, 231, 463, 263)
SIZE, MARGIN = (720, 700), 64


def wrapped(draw, text, font, width):
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if draw.textlength(longer, font) > width:
            yield line
            longer = word
        line = longer
    yield line


def page():
    picture = Image.new("L", SIZE, 243)
    draw = ImageDraw.Draw(picture)
    text, title = (ImageFont.truetype(FACE.format(s), h) for s, h in (("", 20), ("-Bold", 30)))
    draw.text((MARGIN, MARGIN), TITLE, 30, title)
    y = MARGIN + 66
    for paragraph in PARAGRAPHS:
        for line in wrapped(draw, paragraph, text, SIZE[0] - 2 * MARGIN):
            draw.text((MARGIN, y), line, 40, text)
            y += 29
        y += 18
    return picture


def scanned(picture):
    """A little askew, soft and uneven, as from a scanner."""
    picture = picture.rotate(0.8, Image.BICUBIC, fillcolor=243).filter(
        ImageFilter.GaussianBlur(0.5)
    )
    values = np.asarray(picture, np.float32)
    values = values * np.linspace(1.0, 0.9, values.shape[1])
    values += np.random.default_rng(1).normal(0, 3, values.shape)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    PAGE = scanned(page())
    PAGE.transpose(Image.ROTATE_270).save(sys.argv[1], quality=70)
    PAGE.crop(LINE).transpose(Image.ROTATE_180).save(sys.argv[2])
