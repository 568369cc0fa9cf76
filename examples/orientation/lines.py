"""Draws single lines of text with what surrounds them on a page."""
import numpy as np

import drawing


def neighbour(studio, draw, script, face, font, spacing, y, width, size):
    """Part of another line above or below, as crops of text detectors show."""
    text = studio.writers[script].piece(studio.rng.randint(3, 60))
    if font.draws(text):
        drawing.write(
            draw, (studio.rng.uniform(-1.5, 0.7) * size, y), text[:80], face, script, 255, spacing
        )
    if studio.rng.random() < 0.1:
        draw.line((0, y, width, y), fill=255, width=max(1, size // 16))


def line(studio, script):
    """An upright line: the picture, and left, top, right, bottom of its letters in it.

    Around the letters there are about 0.8 heights of paper, in which other lines may be.
    """
    rng = studio.rng
    for _ in range(50):
        text = studio.writers[script].line()
        font = studio.font(script, text)
        if font is None:
            continue
        size = round(drawing.log_uniform(rng, 15, 56))
        spacing = rng.choice([0] * 9 + [size * rng.uniform(0.05, 0.5)])
        stroke = 1 if size > 30 and rng.random() < 0.06 else 0
        try:
            face = font.face(size, script)
            left, top, right, bottom = face.getbbox(text)
        except OSError:
            continue
        width = right + spacing * len(text)
        if not 0 < width < 1500 or bottom <= top:
            continue
        height = bottom - top
        margin = round(0.8 * height) + 4
        mask, draw = drawing.empty_mask(width - left + 2 * margin, height + 2 * margin)
        drawing.write(draw, (margin - left, margin - top), text, face, script, 255, spacing, stroke)
        box = mask.getbbox()
        if box is None or box[3] - box[1] < 5:
            continue
        lead = height * rng.uniform(1.08, 1.7)
        context = rng.random()
        if context < 0.35:
            for step in (-1, 1):
                if rng.random() < 0.7:
                    neighbour(
                        studio,
                        draw,
                        script,
                        face,
                        font,
                        spacing,
                        margin - top + step * lead,
                        mask.width,
                        size,
                    )
        elif context < 0.42:  # underlined, struck through or between rules
            thick = max(1, size // rng.randint(8, 24))
            y = rng.choice(
                [
                    box[3] + thick,
                    (box[1] + box[3]) // 2,
                    box[3] + height * 0.25,
                    box[1] - height * 0.25,
                ]
            )
            draw.line((box[0], y, box[2], y), fill=255, width=thick)
        elif context < 0.49:  # the frame of a cell or button
            gap = height * rng.uniform(0.08, 0.5)
            draw.rectangle(
                (box[0] - gap, box[1] - gap, box[2] + gap, box[3] + gap),
                outline=255,
                width=max(1, size // rng.randint(10, 30)),
            )
        paper, ink = drawing.colours(rng)
        texture = drawing.paper_texture(rng, studio.noise, mask.height, mask.width)
        return drawing.compose(np.asarray(mask), paper, ink, texture), box, text
    raise RuntimeError(f"no font of {script} has the texts")
