#!/usr/bin/env python3
"""Makes one HTML file of page.html, its style, its scripts, and what is no text.

    assemble.py PAGE.html RESULT.html WORKER.js NAME=FILE...

A file NAME becomes a script that does not run: deflated, with seven bits in each character, which
is 14 % longer than the bytes and stays whole in any UTF-8. worker.js reads it.
"""

import html
import pathlib
import re
import subprocess
import sys
import tempfile

CHANGED = (0, 13, 60)  # what HTML would take for something else: NUL, carriage return, <


def text_of(data):
    """Seven bits a character. One of CHANGED begins a character from U+0100 on that also holds the
    next seven bits."""
    bits = int.from_bytes(data, "big") << (-8 * len(data) % 7)
    count = (8 * len(data) + 6) // 7
    # By pieces: shifting the whole number for every character would take minutes.
    piece = 4096
    whole = -count % piece
    bits <<= 7 * whole
    sevens = []
    raw = bits.to_bytes((7 * (count + whole) + 7) // 8, "big")
    for at in range(0, len(raw), 7 * piece // 8):
        number = int.from_bytes(raw[at : at + 7 * piece // 8], "big")
        sevens.extend(number >> 7 * (piece - 1 - i) & 127 for i in range(piece))
    sevens = sevens[:count] + [0]
    text, at = [], 0
    while at < count:
        if sevens[at] in CHANGED:
            text.append(chr(256 + (CHANGED.index(sevens[at]) << 7) + sevens[at + 1]))
            at += 2
        else:
            text.append(chr(sevens[at]))
            at += 1
    return "".join(text)


def deflated(data):
    """zlib's own would be 2 % longer."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return subprocess.run(["zopfli", "--deflate", "-c", file.name], check=True,
                              stdout=subprocess.PIPE).stdout


def part(name, data):
    if name != "module":  # numbers of two bytes: the first ones of all, then the second ones
        data = data[0::2] + data[1::2]
    packed = deflated(data)
    return (f'<script type="text/plain" data-part="{html.escape(name)}" data-size="{len(packed)}">'
            f"{text_of(packed)}</script>\n")


def lean(source):
    """A style or a script without indentation, empty lines and lines of comments."""
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith(("//", "/*")))


def main():
    page, result, worker, *files = sys.argv[1:]
    folder = pathlib.Path(page).parent
    text = pathlib.Path(page).read_text()
    parts = f'<script type="text/plain" id="worker">\n{lean(pathlib.Path(worker).read_text())}</script>\n'
    for file in files:
        name, path = file.split("=", 1)
        parts += part(name, pathlib.Path(path).read_bytes())
    style = lean((folder / "page.css").read_text())
    script = lean((folder / "page.js").read_text())
    text = text.replace('<link rel="stylesheet" href="page.css">', f"<style>\n{style}</style>")
    text = text.replace('<script src="page.js"></script>\n',
                        f"{parts}<script>\n{script}</script>\n")
    if re.search(r'(src|href)="(?!data:|#)', text):
        sys.exit(f"{page}: refers to another file")
    pathlib.Path(result).write_text(text, newline="\n")


if __name__ == "__main__":
    main()
