"""Draws words as signs, posters and covers have them, and lines that stand: columns of letters.

Letters are slanted, stretched, bent, outlined, hollow, shaded or lit, on photographs or colours.
"""
import math

import cv2
import numpy as np
from PIL import ImageFont

import drawing
import texts

STANDING = {"chinese": 48, "japanese": 36, "korean": 8, "latin": 5, "cyrillic": 3}
KINDS = ("scene", "display", "standing")


def spelled(studio, script, text):
    """Capitals, more often than in running text."""
    value = studio.rng.random()
    if script in texts.WITH_CASE and value < 0.65:
        return text.upper() if value < 0.45 else text.title()
    return text


def words(studio, script, kind):
    """What a line of this kind says; always something that tells up from down."""
    rng, writer = studio.rng, studio.writers[script]
    for _ in range(100):
        if kind == "standing" and script in texts.WITH_CASE:
            text = writer.phrase(1, 1).upper()
        elif kind == "standing":
            text = "".join(c for c in writer.piece(rng.randint(2, 16)) if ord(c) > 0x2FFF)
        elif kind == "scene" or rng.random() < 0.5:
            text = spelled(studio, script, writer.phrase(1, 2 if kind == "scene" else 4))
            if rng.random() < 0.08:
                text = f"{text} {writer.number()}"
        else:
            text = spelled(studio, script, writer.piece(rng.randint(4, 30)))
        text = text.strip()
        if 2 <= len(text) <= 36 and texts.decidable(text):
            return text
    return writer.sentence()[:12]


def letters(studio, script, font, text, size, stands=False):
    """A mask of `text`, cut out closely; None if the font has nothing for it."""
    rng = studio.rng
    stroke = round(size * rng.uniform(0.01, 0.06)) if rng.random() < 0.25 else 0
    if stands:
        face = ImageFont.truetype(
            font.path, size, index=font.index, layout_engine=ImageFont.Layout.RAQM
        )
        mask, draw = drawing.empty_mask(3 * size, (len(text) + 2) * 1.6 * size)
        draw.text((size, size), text, 255, face, direction="ttb", stroke_width=stroke)
    else:
        face = font.face(size, script)
        spacing = rng.uniform(0.05, 0.6) * size if rng.random() < 0.2 else 0
        _, top, right, bottom = face.getbbox(text)
        width, height = right + spacing * len(text) + 2 * size, bottom - top + 2 * size
        if not 0 < width < 2600 or bottom <= top:
            return None
        mask, draw = drawing.empty_mask(width, height)
        drawing.write(draw, (size, size - top), text, face, script, 255, spacing, stroke)
    box = mask.getbbox()
    return None if box is None or box[3] - box[1] < 5 else np.asarray(mask.crop(box))


def shaped(studio, mask, stands=False):
    """Slanted by up to 20 degrees, stretched, bent."""
    rng = studio.rng
    height, width = mask.shape
    stretch = drawing.log_uniform(rng, 0.65, 1.6) if rng.random() < 0.35 else 1.0
    slant = math.tan(math.radians(rng.uniform(-12, 20))) if rng.random() < 0.6 else 0.0
    if stands:
        stretch, slant = stretch ** 0.5, slant / 3
    lean = abs(slant) * height
    matrix = np.float32([[stretch, -slant, max(0, slant) * height], [0, 1, 0]])
    out = (max(4, round(width * stretch + lean)), height)
    mask = cv2.warpAffine(mask, matrix, out, flags=cv2.INTER_AREA)
    if not stands and rng.random() < 0.12:
        bend = rng.uniform(-0.8, 0.8) * height
        x, y = np.meshgrid(np.arange(out[0], dtype=np.float32), np.arange(height + round(abs(bend))))
        rise = bend * (2 * x / out[0] - 1) ** 2
        source = y.astype(np.float32) - rise + min(0.0, bend)
        mask = cv2.remap(mask, x, source, cv2.INTER_LINEAR, borderValue=0)
    if not stands and rng.random() < 0.25:  # askew, as boxes along the sides of a picture show it
        angle = math.radians(rng.gauss(0, 6))
        cos, sin = math.cos(angle), math.sin(angle)
        tall, wide = mask.shape
        matrix = np.float32([[cos, -sin, 0], [sin, cos, 0]])
        out = (round(wide * cos + tall * abs(sin)), round(tall * cos + wide * abs(sin)))
        matrix[:, 2] = np.float32(out) / 2 - matrix[:, :2] @ np.float32([wide / 2, tall / 2])
        mask = cv2.warpAffine(mask, matrix, out, flags=cv2.INTER_LINEAR)
    return mask


def ground(studio, height, width):
    """What is behind the letters, in floats: a photograph, a wall, boards of two colours."""
    rng, noise = studio.rng, studio.noise
    kind = rng.random()
    if kind < 0.42:
        picture = drawing.photo(studio)
        tall, wide = picture.shape[:2]
        share = drawing.log_uniform(rng, 0.15, 1) * min(tall / height, wide / width)
        h, w = max(2, int(height * share)), max(2, int(width * share))
        y, x = rng.randint(0, tall - h), rng.randint(0, wide - w)
        part = np.ascontiguousarray(picture[y : y + h, x : x + w])
        part = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
        return part.astype(np.float32)
    paper, second = drawing.colours(rng)
    field = np.full((height, width, 3), paper, np.float32)
    if kind < 0.55:  # from one colour to another
        ramp = np.linspace(0, rng.uniform(0.2, 0.7), width if rng.random() < 0.5 else height)
        ramp = ramp[None, :, None] if len(ramp) == width else ramp[:, None, None]
        field = field + (np.float32(second) - field) * ramp.astype(np.float32)
    elif kind < 0.65:
        cut = rng.randint(0, height)
        field[cut:] = [0.7 * p + 0.3 * s for p, s in zip(paper, second)]
    texture = drawing.paper_texture(rng, noise, height, width, 1.4)
    return field if texture is None else field + texture


def contrasting(rng, other, least):
    """A colour whose luminance is `least` from `other`'s: white, black or any."""
    while True:
        colour = rng.choice(
            [[rng.randint(235, 255)] * 3, [rng.randint(0, 30)] * 3]
            + [[rng.randint(0, 255) for _ in range(3)]] * 2
        )
        if abs(drawing.luminance(colour) - other) > least:
            return np.float32(colour)


def moved(mask, right, down):
    return cv2.warpAffine(mask, np.float32([[1, 0, right], [0, 1, down]]), mask.shape[::-1])


def shade(rng, mask, size):
    """The shadow of letters, or their depth."""
    reach = size * rng.uniform(0.03, 0.14)
    right, down = rng.choice([-1, 1]) * reach, rng.choice([-1, 1]) * reach
    if rng.random() < 0.5:
        deep = mask
        for step in np.linspace(0.25, 1, 4):
            deep = np.maximum(deep, moved(mask, right * step, down * step))
        return deep
    return cv2.GaussianBlur(moved(mask, right, down), (0, 0), 0.3 + reach * rng.uniform(0.1, 0.6))


def fill(studio, ink, height, width):
    """The letters' colour: one, or one that changes."""
    rng = studio.rng
    if rng.random() < 0.75:
        return ink
    if rng.random() < 0.5:
        ramp = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
        return ink + rng.uniform(-50, 50) * ramp
    return ink + drawing.clouds(studio.noise, height, width, rng.randint(2, 30), 18)


def put(studio, field, mask, left, top, size):
    """Draws the letters of `mask` in `field`, with what adorns them."""
    rng = studio.rng
    height, width = mask.shape
    region = field[top : top + height, left : left + width]
    inside = mask > 127
    behind = region[inside].mean(0) if inside.any() else region.mean((0, 1))
    ink = contrasting(rng, drawing.luminance(behind), rng.choice([45, 70, 100]))
    adorned, alpha = rng.random(), mask
    if adorned < 0.25:
        cover = shade(rng, mask, size)[..., None] / np.float32(255)
        colour = contrasting(rng, drawing.luminance(ink), 60) if rng.random() < 0.5 else 0
        region += (colour - region) * cover * rng.uniform(0.4, 1)
    elif adorned < 0.5:
        radius = max(1, round(size * rng.uniform(0.02, 0.09)))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        wide = cv2.dilate(mask, kernel)
        if adorned < 0.44:
            colour = contrasting(rng, drawing.luminance(ink), 60)
            region += (colour - region) * (wide[..., None] / np.float32(255))
        elif size > 28:
            alpha = wide - cv2.min(wide, cv2.erode(mask, kernel))  # hollow
    elif adorned < 0.55:
        glow = cv2.GaussianBlur(mask, (0, 0), size * rng.uniform(0.05, 0.2))
        region += (ink - region) * (glow[..., None] / np.float32(255)) * rng.uniform(0.3, 0.8)
    opacity = rng.uniform(0.75, 1) if rng.random() < 0.25 else 1
    colour = fill(studio, ink, height, width)
    region += (colour - region) * (alpha[..., None] / np.float32(255 / opacity))


def padded(mask, size):
    """Room for what adorns the letters."""
    return np.pad(mask, max(2, round(0.2 * size)))


def font_for(studio, script, text):
    """A display face as often as not, where there are some."""
    return (studio.rng.random() < 0.6 and studio.display_font(script, text)) or studio.font(
        script, text
    )


def made(studio, kind, script, size=None):
    """Text and its padded mask."""
    for _ in range(50):
        text = words(studio, script, kind)
        font = font_for(studio, script, text)
        if font is None:
            continue
        pixels = size or round(drawing.log_uniform(studio.rng, 18, 72))
        mask = letters(studio, script, font, text, pixels, kind == "standing")
        if mask is None:
            continue
        mask = shaped(studio, mask, kind == "standing")
        if min(mask.shape) >= 5:
            return text, padded(mask, pixels), pixels
    raise RuntimeError(f"no font of {script} has the texts")


def line(studio, kind):
    """A line of `kind` with what surrounds it: the picture, the box of its letters, text, script.

    What stands is rotated by a quarter counter-clockwise, as PaddleOCR gives it to its network:
    letters lie with their tops to the left.
    """
    rng, stands = studio.rng, kind == "standing"
    script = rng.choices(list(STANDING), list(STANDING.values()))[0] if stands else studio.script()
    text, mask, size = made(studio, kind, script)
    margin = round(0.9 * (mask.shape[1] if stands else mask.shape[0]) - 0.2 * size) + 4
    height, width = mask.shape[0] + 2 * margin, mask.shape[1] + 2 * margin
    field = ground(studio, height, width)
    if rng.random() < (0.15 if kind == "scene" else 0.4):  # neighbours
        lead = rng.uniform(1.05, 1.6)
        for step in (-1, 1):
            _, other, _ = made(studio, kind, script, size)
            down = 0 if stands else round(step * lead * mask.shape[0])
            right = round(step * lead * mask.shape[1]) if stands else rng.randint(-size, size)
            whole = np.zeros((height, width), np.uint8)
            y0, x0 = margin + down, margin + right
            y1, x1 = max(0, y0), max(0, x0)
            part = other[y1 - y0 : height - y0, x1 - x0 : width - x0]
            whole[y1 : y1 + part.shape[0], x1 : x1 + part.shape[1]] = part
            put(studio, field, whole, 0, 0, size)
    put(studio, field, mask, margin, margin, size)
    picture = np.clip(field, 0, 255).astype(np.uint8)
    rows, columns = np.flatnonzero(mask.max(1) > 60), np.flatnonzero(mask.max(0) > 60)
    box = [margin + int(v) for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)]
    if stands:  # what was on the right is at the top
        left, top, right, bottom = box
        picture = np.ascontiguousarray(np.rot90(picture))
        box = [top, width - right, bottom, width - left]
    return picture, tuple(box), text, script
