"""Draws pages that are not running text in rows: posters and covers, signs, columns of letters."""
import numpy as np
from PIL import ImageFont

import drawing
import pages
import signs

COLUMNS = {"chinese": 55, "japanese": 45}


def poster(studio, em, longest):
    """Some large words in front of a photograph or colours, and perhaps some small lines."""
    rng = studio.rng
    script = studio.script()
    width = drawing.log_uniform(rng, 6, 24) * em
    height = width * drawing.log_uniform(rng, 0.6, 1.7)
    small = min(1, longest / max(width, height))
    em, width, height = em * small, int(width * small), int(height * small)
    page = pages.Page(studio, script, width, height, em)
    field = signs.ground(studio, height, width)
    covered = np.zeros((height, width), np.uint8)
    y, many = em * rng.uniform(0, 3), rng.random() < 0.7
    while y < height - em:
        size = max(9, round(em * drawing.log_uniform(rng, 0.55, 2.6)))
        _, mask, _ = signs.made(studio, rng.choice(["scene", "display"]), script, size)
        rows, columns = mask.shape
        if columns > width or rows > height - y:
            y += em
            if rng.random() < 0.3:
                break
            continue
        x = rng.choice([0.5, 0.5, rng.random(), rng.random()]) * (width - columns)
        place = (slice(int(y), int(y) + rows), slice(int(x), int(x) + columns))
        signs.put(studio, field, mask, int(x), int(y), size)
        covered[place] = np.maximum(covered[place], mask)
        y += rows * rng.uniform(0.85, 1.3) + (0 if many else em * rng.uniform(0, 6))
    rows, columns = page.mask.height, page.mask.width
    page.mask = np.zeros((rows, columns), np.uint8)
    seen = covered[: 4 * (height // 4), : 4 * (width // 4)]
    seen = seen.reshape(height // 4, 4, width // 4, 4).max((1, 3))
    page.mask[: seen.shape[0], : seen.shape[1]] = (seen > 60) * np.uint8(255)
    return np.clip(field, 0, 255).astype(np.uint8), page.mask, page, "poster of signs"


def columns(studio, em, longest):
    """Text in columns from the right to the left, as books in Chinese and Japanese have it."""
    rng = studio.rng
    script = rng.choices(list(COLUMNS), list(COLUMNS.values()))[0]
    width = drawing.log_uniform(rng, 8, 44) * em
    height = width * drawing.log_uniform(rng, 0.6, 1.6)
    small = min(1, longest / max(width, height))
    em, width, height = em * small, width * small, height * small
    page = pages.Page(studio, script, width, height, em)
    margin, lead = em * rng.uniform(0.5, 3), em * rng.uniform(1.15, 2)
    font = page.fonts[0]
    levels = rng.choice([1, 1, 1, 2, 3])
    tall = (height - 2 * margin) / levels
    title = rng.random() < 0.4
    for level in range(levels):
        top, x = margin + level * tall, width - margin - lead
        bottom = top + tall - (em if level < levels - 1 else 0)
        if rng.random() < 0.2 and tall > 6 * em:
            side = rng.uniform(0.2, 0.4) * width
            page.figure(rng.choice([margin, x - side]), top, side, rng.uniform(0.4, 1) * tall)
        while x > margin:
            large = title and x > width - 4 * lead and level == 0
            pixels = max(pages.SMALLEST_FONT, round(em * (1.6 if large else 1)))
            face = ImageFont.truetype(
                font.path, pixels, index=font.index, layout_engine=ImageFont.Layout.RAQM
            )
            length = int((bottom - top) / pixels * (rng.uniform(0.2, 0.9) if rng.random() < 0.2 else 1))
            text = "".join(c for c in page.writer.piece(max(1, length)) if font.has(c))
            text = text.replace(" ", "")[:length]
            if text and rng.random() < 0.96:
                page.draw.text((x, top), text, page.ink, face, direction="ttb")
                end = top + len(text) * pixels
                page.mask_draw.rectangle((x / 4, top / 4, (x + pixels) / 4, end / 4), fill=255)
            if rng.random() < 0.05:
                page.rule(x - 0.2 * lead, top, x - 0.2 * lead, bottom)
            x -= lead * (1.6 if large else 1)
    picture = np.asarray(page.image)
    texture = drawing.paper_texture(rng, studio.noise, *picture.shape[:2], 0.7)
    if texture is not None:
        picture = np.clip(picture + texture, 0, 255).astype(np.uint8)
    return picture, np.asarray(page.mask), page, "columns"


def draw(studio, low, high, longest):
    """One of them, with letters of `low` to `high` pixels."""
    em = drawing.log_uniform(studio.rng, low, high)
    return studio.rng.choice([poster, poster, columns])(studio, em, longest)
