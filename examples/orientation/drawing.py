"""Colours, papers and letters: what lines and pages have in common."""
import functools
import math
import os
import pickle

import cv2
import numpy as np
from PIL import Image, ImageDraw

import fonts
import texts

# How often a script is drawn.
WEIGHTS = {
    "latin": 20,
    "cyrillic": 9,
    "greek": 7,
    "chinese": 11,
    "japanese": 8,
    "korean": 8,
    "arabic": 11,
    "hebrew": 9,
    "devanagari": 7,
    "bengali": 5,
    "tamil": 5,
    "telugu": 5,
    "gujarati": 5,
    "thai": 7,
}

PICTURES = os.environ.get("ORIENTATION_PICTURES", "pictures.pkl")


class Studio:
    """Fonts and texts of one split, and the random numbers of one run."""

    def __init__(self, corpus, split, rng, weights=None):
        self.rng = rng
        self.split = split
        self.noise = np.random.default_rng(rng.getrandbits(32))
        self.fonts, self.display_fonts = fonts.find()[split], fonts.find(True)[split]
        self.writers = {s: texts.Writer(corpus, split, s, rng) for s in WEIGHTS}
        self.weights = weights or WEIGHTS

    def script(self):
        return self.rng.choices(list(self.weights), list(self.weights.values()))[0]

    def font(self, script, text=""):
        """A font that has every character of `text`; families are equally likely. May be None."""
        return self.choose(self.fonts[script], text)

    def display_font(self, script, text):
        """One of those that signs and posters alone have. May be None."""
        families = self.display_fonts[script]
        return self.choose(families, text) if families else None

    def choose(self, families, text):
        for _ in range(40):
            font = self.rng.choice(families[self.rng.choice(list(families))])
            if font.draws(text):
                return font
        return None


def log_uniform(rng, low, high):
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def luminance(colour):
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def colours(rng):
    """Paper and ink, told apart by their luminance."""
    kind = rng.random()
    while True:
        if kind < 0.55:  # print
            paper = [rng.randint(225, 255)] * 3
            if rng.random() < 0.4:
                paper = [paper[0], paper[0] - rng.randint(0, 8), paper[0] - rng.randint(0, 30)]
            ink = (
                [rng.randint(0, 80) for _ in range(3)]
                if rng.random() < 0.4
                else [rng.randint(0, 70)] * 3
            )
        elif kind < 0.7:  # dark mode
            paper = [rng.randint(0, 60) for _ in range(3)]
            ink = [rng.randint(150, 255) for _ in range(3)]
        else:  # signs, posters, screens
            paper = [rng.randint(0, 255) for _ in range(3)]
            ink = [rng.randint(0, 255) for _ in range(3)]
        if abs(luminance(paper) - luminance(ink)) > 70:
            return tuple(paper), tuple(ink)


def clouds(noise, height, width, grain, amplitude, channels=1):
    """Smooth random field with `grain` knots along the longer side."""
    knots = (
        max(2, round(grain * height / max(height, width))),
        max(2, round(grain * width / max(height, width))),
    )
    field = noise.normal(0, amplitude, knots + (channels,)).astype(np.float32)
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC).reshape(
        height, width, channels
    )


def paper_texture(rng, noise, height, width, strength=1.0):
    """What is under the ink, as deviations from the paper's colour; None if there is nothing."""
    kind = rng.random()
    if kind < 0.5:
        return None
    if kind < 0.75:
        return clouds(noise, height, width, rng.randint(2, 6), rng.uniform(3, 14) * strength)
    if kind < 0.9:
        field = clouds(noise, height, width, rng.randint(2, 8), rng.uniform(5, 25) * strength, 3)
        return field + clouds(
            noise, height, width, rng.randint(20, 90), rng.uniform(2, 14) * strength
        )
    field = clouds(noise, height, width, rng.randint(3, 12), rng.uniform(10, 40) * strength, 3)
    return field + noise.normal(0, rng.uniform(1, 8), (height, width, 1)).astype(np.float32)


def compose(mask, paper, ink, texture=None):
    """Ink where the mask is 255, paper with its texture elsewhere."""
    alpha = mask.astype(np.float32)[..., None] / 255
    ground = np.asarray(paper, np.float32)
    if texture is not None:
        ground = ground + texture
    return np.clip(ground + (np.asarray(ink, np.float32) - ground) * alpha, 0, 255).astype(np.uint8)


def write(draw, position, text, face, script, fill=255, spacing=0, stroke=0):
    """Draws `text`, `spacing` pixels between letters where possible, and returns its width."""
    x, y = position
    if spacing and script not in texts.SHAPED:
        for character in text:
            draw.text((x, y), character, font=face, fill=fill, stroke_width=stroke)
            x += face.getlength(character) + spacing
        return x - position[0]
    draw.text((x, y), text, font=face, fill=fill, stroke_width=stroke)
    return face.getlength(text)


def empty_mask(width, height):
    mask = Image.new("L", (max(1, int(width)), max(1, int(height))), 0)
    return mask, ImageDraw.Draw(mask)


@functools.lru_cache
def photos(split):
    """The photographs of a split, RGB."""
    with open(PICTURES, "rb") as file:
        return [decode(data) for of, data in pickle.load(file) if of == split]


def photo(studio):
    """A photograph without text, as it is or mirrored."""
    picture = studio.rng.choice(photos(studio.split))
    return picture[:, ::-1] if studio.rng.random() < 0.5 else picture


def encode(picture, kind=".jpg", quality=93):
    options = (
        [cv2.IMWRITE_JPEG_QUALITY, quality] if kind == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 3]
    )
    return cv2.imencode(kind, picture[..., ::-1], options)[1]


def decode(data):
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
