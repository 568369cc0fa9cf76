"""Draws pages in many layouts, and cuts tiles out of them.

Layout tells nothing about what is up: the side at which lines begin, how they are aligned, whether
the last one is short and where pictures are is drawn by lot, whatever the script.
"""
import math

import cv2
import numpy as np
from PIL import Image, ImageDraw

import degrade
import drawing
import texts

PATCH = 288  # pixels; a tile of 128 is cut out of it
SMALLEST_FONT = 7


class Page:
    """A sheet on which text is written; `mask` remembers where."""

    def __init__(self, studio, script, width, height, em):
        self.studio, self.rng, self.script, self.em = studio, studio.rng, script, em
        self.width, self.height = int(width), int(height)
        self.writer = studio.writers[script]
        self.paper, self.ink = drawing.colours(self.rng)
        self.image = Image.new("RGB", (self.width, self.height), self.paper)
        self.draw = ImageDraw.Draw(self.image)
        self.mask = Image.new("L", (self.width // 4 + 1, self.height // 4 + 1), 0)
        self.mask_draw = ImageDraw.Draw(self.mask)
        sample = self.writer.piece(20)
        self.fonts = [studio.font(script, sample) or studio.font(script) for _ in range(3)]
        if self.rng.random() < 0.5:
            self.fonts[1] = self.fonts[0]
        self.faces = {}
        self.align = self.rng.choices(["left", "right", "center", "justify"], [30, 25, 20, 25])[0]
        self.short_last = self.rng.random() < 0.5
        self.rtl = self.rng.random() < 0.5  # the side of bullets and labels
        self.accent = drawing.colours(self.rng)[1]
        if abs(drawing.luminance(self.accent) - drawing.luminance(self.paper)) < 60:
            self.accent = self.ink

    def face(self, size=1.0, font=0):
        """The face of a font at `size` em, its pixels, how wide its letters are, its number."""
        pixels = max(SMALLEST_FONT, round(self.em * size))
        if (pixels, font) not in self.faces:
            face = self.fonts[font].face(pixels, self.script)
            sample = self.writer.piece(40)
            self.faces[pixels, font] = (
                face,
                pixels,
                max(1, face.getlength(sample) / max(1, len(sample))),
                font,
            )
        return self.faces[pixels, font]

    def text(self, x, y, text, style, colour=None, anchor="left"):
        """Writes one line; x is its left end, right end or middle. Returns its width."""
        face, pixels, _, font = style
        if not self.fonts[font].draws(text):
            text = "".join(c for c in text if self.fonts[font].has(c))
        if not text:
            return 0
        length = face.getlength(text)
        x -= {"left": 0, "right": length, "center": length / 2}[anchor]
        if x > self.width or y > self.height:
            return 0
        self.draw.text((x, y), text, font=face, fill=colour or self.ink)
        if text.strip():
            self.mask_draw.rectangle((x / 4, y / 4, (x + length) / 4, (y + pixels) / 4), fill=255)
        return length

    def fitting(self, width, style, words=None):
        """Text that is not wider than `width`; fills it if `words` is None."""
        if words:
            text = self.writer.phrase(*words)
        else:
            text = self.writer.piece(max(2, int(width / style[2])))
        for _ in range(4):
            length = style[0].getlength(text)
            if length <= width:
                break
            keep = max(1, int(len(text) * width / length))
            while 0 < keep < len(text) and texts.MARKS.match(text[keep]):
                keep -= 1
            shorter = text[:keep].rsplit(" ", 1)[0] if " " in text[:keep] else text[:keep]
            if shorter == text:
                break
            text = shorter
        return text.strip()

    def justified(self, x, y, width, text, style):
        words = text.split()
        lengths = [style[0].getlength(w) for w in words]
        gap = (width - sum(lengths)) / max(1, len(words) - 1)
        if len(words) < 3 or not 0 < gap < 1.5 * style[1]:
            return self.text(x, y, text, style)
        if self.script in texts.RIGHT_TO_LEFT:
            words, lengths = words[::-1], lengths[::-1]
        for word, length in zip(words, lengths):
            self.text(x, y, word, style)
            x += length + gap
        return width

    def paragraph(
        self, x, y, width, lines, style, align=None, lead=1.4, bottom=None, colour=None, indent=0
    ):
        """`lines` lines from y on, not below `bottom`. Returns the y below them."""
        align = align or self.align
        bottom = bottom or self.height
        for number in range(lines):
            if y + style[1] * 1.3 > bottom:
                break
            room = width
            if number == lines - 1 and lines > 1 and self.short_last:
                room *= self.rng.uniform(0.15, 0.9)
            start = indent if number == 0 else 0
            line = self.fitting(room - start, style)
            left = x + (start if align in ("left", "justify") else 0)
            if align == "justify" and room == width:
                self.justified(left, y, room - start, line, style)
            elif align in ("left", "justify"):
                self.text(left, y, line, style, colour)
            elif align == "right":
                self.text(x + width - start, y, line, style, colour, "right")
            else:
                self.text(x + width / 2, y, line, style, colour, "center")
            y += style[1] * lead
        return y

    def rule(self, x0, y0, x1, y1, colour=None):
        self.draw.line(
            (x0, y0, x1, y1),
            fill=colour or self.ink,
            width=max(1, round(self.em * self.rng.uniform(0.04, 0.12))),
        )

    def figure(self, x, y, width, height):
        """A photograph, a chart or coloured shapes."""
        rng = self.rng
        width, height = int(width), int(height)
        if width < 8 or height < 8:
            return
        kind = rng.random()
        if kind < 0.5:
            picture = drawing.photo(self.studio)
            h, w = picture.shape[:2]
            w2, h2 = min(w, max(8, int(h * width / height))), min(
                h, max(8, int(w * height / width))
            )
            left, top = rng.randint(0, w - w2), rng.randint(0, h - h2)
            part = cv2.resize(
                np.ascontiguousarray(picture[top : top + h2, left : left + w2]),
                (width, height),
                interpolation=cv2.INTER_AREA,
            )
            self.image.paste(Image.fromarray(part), (int(x), int(y)))
        elif kind < 0.75:  # bars, standing or hanging
            count, hang = rng.randint(3, 9), rng.random() < 0.5
            for i in range(count):
                tall = rng.uniform(0.1, 1) * height
                left = x + i * width / count
                top = y if hang else y + height - tall
                self.draw.rectangle(
                    (left, top, left + width / count * 0.7, top + tall),
                    fill=rng.choice([self.accent, self.ink]),
                )
        else:
            self.draw.rectangle((x, y, x + width, y + height), outline=self.ink)
            for _ in range(rng.randint(2, 12)):
                a, b = sorted(rng.uniform(x, x + width) for _ in range(2))
                c, d = sorted(rng.uniform(y, y + height) for _ in range(2))
                colour = tuple(rng.randint(0, 255) for _ in range(3))
                shape = rng.choice([self.draw.ellipse, self.draw.rectangle, self.draw.line])
                shape((a, c, b, d), fill=colour)

    def table(self, x, y, width, bottom, style):
        rng = self.rng
        columns = rng.randint(2, max(2, min(8, int(width / style[1] / 4))))
        shares = [rng.uniform(0.6, 1.6) for _ in range(columns)]
        edges = [x]
        for share in shares:
            edges.append(edges[-1] + width * share / sum(shares))
        tall = style[1] * rng.uniform(1.3, 2.2)
        grid = rng.choice(["all", "rows", "none"])
        numeric = [rng.random() < 0.4 for _ in range(columns)]
        anchors = [rng.choice(["left", "right", "center"]) for _ in range(columns)]
        rows = rng.randint(3, 40)
        top, header = y, rng.choice(["first", "last", "none"])
        for row in range(rows):
            if y + tall > bottom:
                break
            if grid != "none":
                self.rule(x, y, x + width, y)
            if row == 0 and header == "first":
                self.draw.rectangle((x, y, x + width, y + tall), fill=self.accent)
            for c in range(columns):
                room = edges[c + 1] - edges[c] - 0.6 * style[1]
                if rng.random() < 0.12 or room < style[1]:
                    continue
                if numeric[c] and row:
                    text = self.writer.number()
                else:
                    text = self.fitting(room, style, (1, 3))
                if style[0].getlength(text) > room:
                    continue
                place = {
                    "left": edges[c] + 0.3 * style[1],
                    "right": edges[c + 1] - 0.3 * style[1],
                    "center": (edges[c] + edges[c + 1]) / 2,
                }[anchors[c]]
                colour = self.paper if row == 0 and header == "first" else None
                self.text(place, y + (tall - 1.15 * style[1]) / 2, text, style, colour, anchors[c])
            y += tall
        if grid == "all":
            for edge in edges:
                self.rule(edge, top, edge, y)
        if grid != "none":
            self.rule(x, y, x + width, y)
        return y + style[1]


def flow(page, x, y, width, bottom):
    """A column of what books, reports and web pages have."""
    rng, body = page.rng, page.face()
    lead = rng.uniform(1.15, 1.7)
    indent = rng.choice([0, 0, 1, 2]) * page.em
    while y < bottom - page.em * 1.4:
        kind = rng.random()
        if kind < 0.12:
            y = page.paragraph(
                x,
                y + page.em * 0.4,
                width,
                rng.randint(1, 2),
                page.face(rng.uniform(1.1, 1.9), 1),
                rng.choice([None, "center", "left", "right"]),
                1.3,
                bottom,
                rng.choice([None, page.accent]),
            )
        elif kind < 0.2 and width > 8 * page.em:
            tall = width * rng.uniform(0.2, 0.8)
            if y + tall < bottom:
                page.figure(x + width * 0.05, y, width * 0.9, tall)
                y = page.paragraph(
                    x,
                    y + tall + page.em * 0.3,
                    width,
                    rng.randint(0, 2),
                    page.face(0.85),
                    "center",
                    1.3,
                    bottom,
                )
        elif kind < 0.3:
            mark, step = rng.choice("•-–*"), 1.5 * page.em
            for _ in range(rng.randint(2, 6)):
                if y > bottom - 1.5 * page.em:
                    break
                if page.rtl:
                    page.text(x + width, y, mark, body, anchor="right")
                else:
                    page.text(x, y, mark, body)
                y = page.paragraph(
                    x + (0 if page.rtl else step),
                    y,
                    width - step,
                    rng.randint(1, 3),
                    body,
                    "right" if page.rtl else "left",
                    lead,
                    bottom,
                )
        elif kind < 0.36 and width > 12 * page.em:
            y = page.table(
                x,
                y,
                width,
                min(bottom, y + page.em * rng.randint(6, 20)),
                page.face(rng.uniform(0.8, 1)),
            )
        else:
            y = page.paragraph(
                x, y, width, rng.randint(1, 10), body, None, lead, bottom, None, indent
            )
            y += page.em * rng.choice([0, 0.5, 1])
    return y


def columns(page, top, bottom, count=None):
    rng = page.rng
    margin, gap = page.em * rng.uniform(1.5, 5), page.em * rng.uniform(1, 2.5)
    count = count or rng.choice([1, 1, 1, 2, 2, 3])
    width = (page.width - 2 * margin - (count - 1) * gap) / count
    for c in range(count):
        end = bottom if rng.random() < 0.7 else top + (bottom - top) * rng.uniform(0.4, 1)
        begin = top if rng.random() < 0.7 else end - (end - top) * rng.uniform(0.5, 1)
        flow(page, margin + c * (width + gap), begin, width, end)


def prose(page):
    columns(page, page.em * page.rng.uniform(1, 5), page.height - page.em * page.rng.uniform(1, 5))
    if page.rng.random() < 0.4:
        page.text(
            page.width / 2,
            page.rng.choice([page.em * 0.3, page.height - 1.6 * page.em]),
            str(page.rng.randint(1, 400)),
            page.face(0.9),
            anchor="center",
        )


def letter(page):
    rng, em, body = page.rng, page.em, page.face()
    y = em * rng.uniform(1, 4)
    side = rng.choice([em * 3, page.width * 0.55])
    for _ in range(rng.randint(2, 5)):
        page.text(side, y, page.fitting(page.width * 0.35, body, (1, 4)), body)
        y += 1.3 * em
    y += em * rng.uniform(1, 4)
    for _ in range(rng.randint(1, 5)):
        y = (
            page.paragraph(
                3 * em,
                y,
                page.width - 6 * em,
                rng.randint(1, 8),
                body,
                None,
                1.4,
                page.height - 4 * em,
            )
            + em
        )
    page.text(
        side,
        min(y + 2 * em, page.height - 2 * em),
        page.fitting(page.width * 0.3, body, (1, 2)),
        page.face(1.3, 2),
    )


def form(page):
    rng, em, body = page.rng, page.em, page.face()
    y = (
        page.paragraph(
            2 * em, em * 2, page.width - 4 * em, 1, page.face(rng.uniform(1.3, 2), 1), None
        )
        + em
    )
    while y < page.height - 3 * em:
        count = rng.choice([1, 1, 2, 3])
        width = (page.width - 4 * em) / count
        for c in range(count):
            x = 2 * em + c * width
            label = page.fitting(width * 0.5, body, (1, 2))
            length = page.text(
                x + (width - em if page.rtl else 0),
                y,
                label,
                body,
                anchor="right" if page.rtl else "left",
            )
            value = rng.choice([page.writer.number(), page.fitting(width * 0.3, body, (1, 2)), ""])
            x0, x1 = (
                (x, x + width - 1.5 * em - length)
                if page.rtl
                else (x + length + 0.5 * em, x + width - em)
            )
            if rng.random() < 0.6:
                page.rule(x0, y + 1.2 * em, max(x0, x1), y + 1.2 * em)
            else:
                page.draw.rectangle((x0, y - 0.2 * em, max(x0, x1), y + 1.3 * em), outline=page.ink)
            if value and page.face(1, 2)[0].getlength(value) < x1 - x0:
                page.text(x0 + 3, y, value, page.face(1, 2))
        y += em * rng.uniform(1.6, 2.6)
        if rng.random() < 0.1:
            y = page.paragraph(2 * em, y, page.width - 4 * em, rng.randint(1, 4), body) + em


def table(page):
    rng, em = page.rng, page.em
    y = em * rng.uniform(0.5, 3)
    while y < page.height - 4 * em:
        if rng.random() < 0.6:
            y = (
                page.paragraph(
                    em,
                    y,
                    page.width - 2 * em,
                    rng.randint(1, 2),
                    page.face(rng.uniform(0.9, 1.6), 1),
                )
                + em * 0.5
            )
        y = page.table(
            em,
            y,
            page.width - 2 * em,
            page.height - em,
            page.face(rng.uniform(0.8, 1.1), rng.choice([0, 2])),
        )


def receipt(page):
    rng, em, body = page.rng, page.em, page.face()
    y = em
    for _ in range(rng.randint(1, 5)):
        style = page.face(rng.choice([1, 1, 1.4]))
        page.text(
            page.width / 2,
            y,
            page.fitting(page.width - 2 * em, style, (1, 4)),
            style,
            anchor="center",
        )
        y += style[1] * 1.3
    while y < page.height - 2 * em:
        kind = rng.random()
        left, right = (page.width - em, em) if page.rtl else (em, page.width - em)
        ends = ("right", "left") if page.rtl else ("left", "right")
        if kind < 0.1:
            page.rule(em, y + em * 0.5, page.width - em, y + em * 0.5)
        elif kind < 0.75:
            page.text(left, y, page.fitting(page.width * 0.5, body, (1, 3)), body, anchor=ends[0])
            page.text(right, y, f"{rng.uniform(0.5, 300):.2f}", body, anchor=ends[1])
        else:
            text = rng.choice(
                [page.fitting(page.width - 2 * em, body, (2, 5)), page.writer.number()]
            )
            page.text(page.width / 2, y, text, body, anchor="center")
        y += 1.35 * em


def slide(page):
    rng, em = page.rng, page.em
    y = rng.choice([em, page.height * 0.25])
    if rng.random() < 0.4:
        page.figure(
            rng.choice([0, page.width * 0.6]),
            page.height * 0.3,
            page.width * 0.4,
            page.height * 0.6,
        )
    y = page.paragraph(
        1.5 * em,
        y,
        page.width - 3 * em,
        rng.randint(1, 2),
        page.face(rng.uniform(1.3, 2.2), 1),
        None,
        1.3,
        None,
        page.accent,
    )
    x, width = rng.choice(
        [
            (1.5 * em, page.width - 3 * em),
            (page.width * 0.42, page.width * 0.54),
            (em, page.width * 0.5),
        ]
    )
    while y < page.height - 2 * em and rng.random() < 0.92:
        y = page.paragraph(
            x, y, width, rng.randint(1, 3), page.face(), None, 1.35
        ) + em * rng.uniform(0.2, 1)


def poster(page):
    rng, em = page.rng, page.em
    if rng.random() < 0.4:
        page.figure(
            0, rng.choice([0, page.height * 0.4]), page.width, page.height * rng.uniform(0.3, 0.6)
        )
    y = em * rng.uniform(0.3, 3)
    while y < page.height - 1.5 * em:
        style = page.face(drawing.log_uniform(rng, 0.5, 2.2), rng.randrange(3))
        y = page.paragraph(
            em,
            y,
            page.width - 2 * em,
            rng.randint(1, 3),
            style,
            rng.choice(["center", "center", None]),
            1.25,
            None,
            rng.choice([None, page.accent]),
        ) + em * rng.uniform(0, 1.5)


def card(page):
    rng, em = page.rng, page.em
    if rng.random() < 0.5:
        page.figure(
            rng.choice([em, page.width * 0.68]),
            em,
            page.width * 0.28,
            page.height * rng.uniform(0.4, 0.8),
        )
    x, y = rng.choice([em, page.width * 0.36]), em * rng.uniform(0.5, 3)
    while y < page.height - 1.5 * em:
        style = page.face(rng.choice([0.75, 1, 1, 1.3]), rng.randrange(3))
        text = (
            page.writer.number()
            if rng.random() < 0.25
            else page.fitting(page.width * 0.6, style, (1, 4))
        )
        page.text(x, y, text, style, rng.choice([None, None, page.accent]))
        y += style[1] * rng.uniform(1.2, 1.9)


def few_lines(page):
    rng, em = page.rng, page.em
    page.paragraph(
        em * rng.uniform(0, 1.5),
        em * rng.uniform(0, 2),
        page.width - em,
        rng.randint(1, 8),
        page.face(),
        None,
        rng.uniform(1.1, 1.8),
    )


# The following layouts are in the test set only.


def menu(page):
    rng, em, body = page.rng, page.em, page.face()
    y = page.paragraph(em, 2 * em, page.width - 2 * em, 1, page.face(2, 1), "center") + em
    while y < page.height - 3 * em:
        if rng.random() < 0.15:
            y = page.paragraph(em, y + em, page.width - 2 * em, 1, page.face(1.4, 1), "center")
        page.text(2 * em, y, page.fitting(page.width * 0.6, body, (1, 4)), body)
        page.text(page.width - 2 * em, y, f"{rng.uniform(2, 60):.2f}", body, anchor="right")
        y += 1.3 * em
        if rng.random() < 0.4:
            y = page.paragraph(2 * em, y, page.width * 0.6, 1, page.face(0.75))


def certificate(page):
    em = page.em
    page.draw.rectangle(
        (em, em, page.width - em, page.height - em),
        outline=page.accent,
        width=max(2, round(em / 3)),
    )
    y = page.height * page.rng.uniform(0.1, 0.25)
    for size in (2.2, 1, 1, 1.7, 1, 0.9):
        y = page.paragraph(
            3 * em,
            y,
            page.width - 6 * em,
            page.rng.randint(1, 2),
            page.face(size, int(size > 1.5)),
            "center",
            1.35,
            page.height - 2 * em,
        ) + em * page.rng.uniform(0.3, 1.2)


def index(page):
    rng, em, style = page.rng, page.em, page.face(0.9)
    count = rng.choice([2, 3])
    width = page.width / count
    for c in range(count):
        y = 2 * em
        while y < page.height - 2 * em:
            x = c * width + em + rng.choice([0, 0, em])
            page.text(
                x, y, f"{page.fitting(width * 0.7, style, (1, 3))}, {rng.randint(2, 600)}", style
            )
            y += 1.25 * em


def magazine(page):
    rng, em = page.rng, page.em
    tall = page.height * rng.uniform(0.2, 0.4)
    above = rng.random() < 0.5
    page.figure(0, 0 if above else page.height - tall, page.width, tall)
    top = (tall if above else 0) + em
    top = (
        page.paragraph(
            em * 2,
            top,
            page.width - 4 * em,
            rng.randint(1, 2),
            page.face(rng.uniform(2, 3.2), 1),
            None,
            1.15,
        )
        + em
    )
    columns(page, top, page.height - em - (0 if above else tall), rng.choice([2, 3]))


def exam(page):
    rng, em, body = page.rng, page.em, page.face()
    y, number = 2 * em, 1
    while y < page.height - 4 * em:
        page.text(em, y, f"{number}.", body)
        y = page.paragraph(3 * em, y, page.width - 5 * em, rng.randint(1, 3), body)
        for option in "ABCD"[: rng.choice([0, 4, 4])]:
            page.text(4 * em, y, f"{option}) {page.fitting(page.width * 0.6, body, (1, 3))}", body)
            y += 1.3 * em
        for _ in range(rng.choice([0, 0, 2, 4])):
            y += 1.6 * em
            page.rule(3 * em, y, page.width - 2 * em, y)
        y, number = y + em, number + 1


# Layout: how often, width in em, height over width.
LAYOUTS = {
    prose: (26, (26, 62), (0.9, 1.5)),
    letter: (7, (34, 56), (1.2, 1.45)),
    form: (9, (26, 50), (0.7, 1.45)),
    table: (11, (22, 60), (0.5, 1.45)),
    receipt: (8, (16, 26), (1.2, 2.6)),
    slide: (7, (18, 36), (0.55, 0.78)),
    poster: (9, (9, 22), (0.5, 1.7)),
    card: (7, (14, 28), (0.5, 0.75)),
    few_lines: (8, (8, 30), (0.3, 1.0)),
}
TEST_LAYOUTS = {
    menu: (5, (22, 38), (1, 1.5)),
    certificate: (5, (26, 44), (0.65, 1.45)),
    index: (5, (28, 52), (1, 1.45)),
    magazine: (6, (32, 56), (1.1, 1.45)),
    exam: (5, (30, 50), (1, 1.45)),
}


def draw_page(studio, low, high, longest, layouts):
    """A page with letters of `low` to `high` pixels; smaller if it were longer than `longest`."""
    rng = studio.rng
    script = studio.script()
    layout = rng.choices(list(layouts), [w[0] for w in layouts.values()])[0]
    _, widths, ratios = layouts[layout]
    width = drawing.log_uniform(rng, *widths)
    height = width * drawing.log_uniform(rng, *ratios)
    em = min(drawing.log_uniform(rng, low, high), longest / max(width, height))
    page = Page(studio, script, width * em, height * em, em)
    layout(page)
    picture = np.asarray(page.image)
    texture = drawing.paper_texture(rng, studio.noise, *picture.shape[:2], 0.7)
    if texture is not None:
        picture = np.clip(picture + texture, 0, 255).astype(np.uint8)
    return picture, np.asarray(page.mask), page, layout.__name__


def patches(studio, drawn, count=18):
    """Parts of one page, most of them with text, and facts: where in them text is."""
    rng = studio.rng
    picture, mask, page, _ = drawn
    height, width = picture.shape[:2]
    if min(height, width) < PATCH:
        bottom, right = max(0, PATCH - height), max(0, PATCH - width)
        picture = cv2.copyMakeBorder(
            picture, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=page.paper
        )
        mask = cv2.copyMakeBorder(
            mask, 0, bottom // 4 + 1, 0, right // 4 + 1, cv2.BORDER_CONSTANT, value=0
        )
        height, width = picture.shape[:2]
    found = []
    for _ in range(4 * count):
        x, y = rng.randint(0, (width - PATCH) // 4) * 4, rng.randint(0, (height - PATCH) // 4) * 4
        covered = mask[y // 4 : y // 4 + PATCH // 4, x // 4 : x // 4 + PATCH // 4]
        if covered.mean() < 20 and rng.random() < 0.95:
            continue
        facts = {"script": page.script, "em": page.em, "text": covered > 0}
        found.append((picture[y : y + PATCH, x : x + PATCH], facts))
        if len(found) == min(count, 1 + width * height // PATCH**2):
            break
    return found


def textless(studio):
    """A part of a photograph, of a texture or of empty paper: nothing tells what is up."""
    rng = studio.rng
    if rng.random() < 0.6:
        picture = drawing.photo(studio)
        factor = max(drawing.log_uniform(rng, 0.4, 1.2), (PATCH + 1) / min(picture.shape[:2]))
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        y, x = rng.randint(0, picture.shape[0] - PATCH), rng.randint(0, picture.shape[1] - PATCH)
        picture = picture[y : y + PATCH, x : x + PATCH]
    else:
        page = Page(studio, "latin", PATCH, PATCH, 24)
        for _ in range(rng.choice([0, 0, 1, 2])):
            page.figure(
                rng.randint(0, 150), rng.randint(0, 150), rng.randint(20, 260), rng.randint(20, 260)
            )
        for _ in range(rng.choice([0, 0, 1, 3, 8])):
            a, b = rng.randint(0, PATCH), rng.randint(0, PATCH)
            page.rule(*rng.choice([(0, a, PATCH, a), (a, 0, a, PATCH), (a, b, b, a)]))
        picture = np.asarray(page.image)
        texture = drawing.paper_texture(rng, studio.noise, PATCH, PATCH)
        if texture is not None:
            picture = np.clip(picture + texture, 0, 255).astype(np.uint8)
    picture = np.ascontiguousarray(np.rot90(picture, rng.randrange(4)))
    nowhere = np.zeros((PATCH // 4, PATCH // 4), bool)
    return picture, {"script": "none", "em": 24, "text": nowhere}


def text_sign(studio):
    """Part of a sign: a few large letters on a wall or in front of what is there, each a little out
    of place, some of them raised."""
    rng = studio.rng
    while True:
        script = studio.script()
        text = studio.writers[script].phrase(1, 2)
        font = studio.font(script, text)
        if font is not None and texts.decidable(text):
            break
    em = drawing.log_uniform(rng, 28, 90)
    face = font.face(round(em), script)
    paper, ink = drawing.colours(rng)
    if rng.random() < 0.4:
        ground = cv2.resize(np.ascontiguousarray(drawing.photo(studio)), (2 * PATCH, 2 * PATCH))
        y, x = rng.randint(0, PATCH), rng.randint(0, PATCH)
        ground = ground[y : y + PATCH, x : x + PATCH].astype(np.float32)
        while abs(drawing.luminance(ground.mean((0, 1))) - drawing.luminance(ink)) < 60:
            ink = tuple(rng.randint(0, 255) for _ in range(3))
    else:
        ground = np.full((PATCH, PATCH, 3), paper, np.float32)
        texture = drawing.paper_texture(rng, studio.noise, PATCH, PATCH)
        ground += 0 if texture is None else texture
    letters = text.split() if script in texts.SHAPED else list(text.replace(" ", ""))
    alpha = np.zeros((PATCH, PATCH), np.uint8)
    gap, tilt, bend = rng.uniform(0, 0.9) * em, rng.uniform(0, 12), rng.uniform(-0.3, 0.3)
    y = rng.uniform(-0.3, 0.5) * em
    while y < PATCH:
        x = rng.uniform(-0.5, 0.5) * em
        for letter in letters * 4:
            left, top, right, bottom = face.getbbox(letter)
            if right <= left or bottom <= top:
                continue
            side = math.hypot(right - left, bottom - top) + 4
            one, draw = drawing.empty_mask(side, side)
            draw.text(
                ((side - right - left) / 2, (side - bottom - top) / 2), letter, fill=255, font=face
            )
            one = np.asarray(one.rotate(rng.gauss(0, tilt / 2), Image.BICUBIC))
            rise = bend * (x - PATCH / 2) ** 2 / PATCH + rng.uniform(-0.1, 0.1) * em * tilt / 12
            to_x = round(x + (left + right - side) / 2)
            to_y = round(y + (top + bottom - side) / 2 + rise)
            x0, y0 = max(0, to_x), max(0, to_y)
            x1, y1 = min(PATCH, to_x + one.shape[1]), min(PATCH, to_y + one.shape[0])
            if x1 > x0 and y1 > y0:
                part = one[y0 - to_y : y1 - to_y, x0 - to_x : x1 - to_x]
                alpha[y0:y1, x0:x1] = np.maximum(alpha[y0:y1, x0:x1], part)
            x += right - left + gap + 2
            if x > PATCH:
                break
        y += em * rng.uniform(1.2, 2.2)
        letters = letters[::-1] if rng.random() < 0.5 else letters
    depth = rng.choice([0, 0, 1]) * max(1, round(em / 16))
    if depth:
        shift = (rng.choice([-depth, depth]), rng.choice([-depth, depth]))
        shade = np.roll(alpha, shift, (0, 1))[..., None] / np.float32(255)
        ground = ground * (1 - rng.uniform(0.4, 0.9) * shade)
    cover = alpha[..., None] / np.float32(255)
    picture = np.clip(ground * (1 - cover) + np.float32(ink) * cover, 0, 255).astype(np.uint8)
    text_at = cv2.dilate(alpha, np.ones((9, 9), np.uint8))[::4, ::4] > 0
    return picture, {"script": script, "em": em, "text": text_at}


def on_a_desk(studio, picture, em):
    """The page photographed: slanted, with what it lies on around it."""
    rng = studio.rng
    height, width = picture.shape[:2]
    out = (int(width * rng.uniform(1.0, 1.2)), int(height * rng.uniform(1.0, 1.2)))
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    angle = math.radians(rng.uniform(-6, 6))
    rotation = np.float32([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    target = (corners - [width / 2, height / 2]) @ rotation + [out[0] / 2, out[1] / 2]
    target += studio.noise.uniform(-0.03, 0.03, (4, 2)) * width
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
    ground = cv2.resize(np.ascontiguousarray(drawing.photo(studio)), out, interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        ground = cv2.GaussianBlur(ground, (0, 0), em)
    inside = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, out)[..., None]
    return np.where(
        inside > 127, cv2.warpPerspective(picture, matrix, out, flags=cv2.INTER_AREA), ground
    )


def page_of_text(studio):
    """A page of the layouts that its split has, as it is judged by."""
    layouts = LAYOUTS if studio.split == "valid" else {**LAYOUTS, **TEST_LAYOUTS}
    return draw_page(studio, 13, 40, 2000, layouts)


def judged(studio, draw=page_of_text):
    """A whole page as scanners and cameras leave it; damaged while it is rotated."""
    rng = studio.rng
    while True:
        picture, mask, page, layout = draw(studio)
        if (mask > 0).sum() * 16 > 30 * page.em**2 and min(picture.shape[:2]) > 160:
            break
    rotation = rng.randrange(4)
    if rng.random() < 0.3:
        picture = on_a_desk(studio, picture, page.em)
    picture = np.ascontiguousarray(np.rot90(picture, rotation))
    picture, kind = degrade.degrade(studio, picture, page.em)
    picture = np.ascontiguousarray(np.rot90(picture, -rotation))
    facts = {"script": page.script, "kind": kind, "layout": layout, "em": page.em}
    return drawing.encode(picture, ".jpg", 92), facts
