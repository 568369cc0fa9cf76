#!/usr/bin/env python3
"""Draws latency against multiply-adds from what compare.py wrote: plot.py JSON OUT.svg

One panel for each number of threads and instruction set. A line joins the scales of PP-LCNet; the
text-line network stands beside it. Below all is the floor."""

import json
import math
import pathlib
import sys

# name: (label, colour, dashes)
SERIES = {
    "onnxruntime": ("ONNX Runtime", "#0072b2", ""),
    "onednn": ("oneDNN", "#e69f00", ""),
    "pplcnet": ("pplcnet", "#d1362f", ""),
    "floor": ("floor", "#8a8a8a", "4 4"),
}
ISAS = {"avx512": "AVX-512", "avx2": "AVX2"}
WIDTH, HEIGHT = 360, 300
LEFT, TOP, RIGHT, BOTTOM = 52, 40, 14, 44  # around a panel


def ticks(low, high):
    """1, 2, 5, 10, … inside the range."""
    return [m * 10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            for m in (1, 2, 5) if low <= m * 10.0**e <= high]


def scale_of(values):
    """From a value to its share of a logarithmic axis, and the axis' ticks."""
    low, high = min(values) / 1.25, max(values) * 1.25
    return (lambda v: math.log(v / low) / math.log(high / low)), ticks(low, high)


def points(results, name):
    def time(result):
        if name == "floor":
            return result["floor_ms"]
        return result["engines"].get(name, {}).get("median_ms")

    return sorted((result["multiply_adds"] / 1e6, time(result), result["scale"])
                  for result in results if time(result) is not None)


def panel(title, results, x_axis, y_axis):
    (x_share, x_ticks), (y_share, y_ticks) = x_axis, y_axis

    def x(value):
        return LEFT + WIDTH * x_share(value)

    def y(value):
        return TOP + HEIGHT * (1 - y_share(value))

    parts = [f'<text x="{LEFT}" y="{TOP - 12}" class="title">{title}</text>']
    for value in x_ticks:
        parts.append(f'<path d="M{x(value):.1f} {TOP}v{HEIGHT}" class="grid"/>'
                     f'<text x="{x(value):.1f}" y="{TOP + HEIGHT + 16}" class="middle">{value:g}'
                     '</text>')
    for value in y_ticks:
        parts.append(f'<path d="M{LEFT} {y(value):.1f}h{WIDTH}" class="grid"/>'
                     f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" class="end">{value:g}</text>')
    parts.append(f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 34}" class="middle">'
                 'million multiply-adds</text>')
    for name, (_, colour, dashes) in SERIES.items():
        found = points(results, name)
        line = " ".join(f"{x(macs):.1f},{y(ms):.1f}" for macs, ms, scale in found
                        if scale != "textline")
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" '
                     f'stroke-dasharray="{dashes}"/>')
        for macs, ms, scale in found:
            fill = "white" if scale == "textline" else colour
            parts.append(f'<circle cx="{x(macs):.1f}" cy="{y(ms):.1f}" r="3" fill="{fill}" '
                         f'stroke="{colour}" stroke-width="1.5"/>')
    return "\n".join(parts)


def legend():
    parts, x = ['<text x="52" y="22" class="title">PP-LCNet, milliseconds per picture</text>'], 330
    for label, colour, dashes in SERIES.values():
        parts.append(f'<path d="M{x} 18h24" stroke="{colour}" stroke-width="2" '
                     f'stroke-dasharray="{dashes}"/><text x="{x + 30}" y="22">{label}</text>')
        x += 50 + 7 * len(label)
    parts.append(f'<circle cx="{x + 4}" cy="18" r="3" fill="white" stroke="#333"/>'
                 f'<text x="{x + 14}" y="22">text lines</text>')
    return "\n".join(parts)


def draw(results):
    """The picture, in SVG, of those results that are of single pictures."""
    results = [r for r in results if r["batch"] == 1]
    x_axis = scale_of([r["multiply_adds"] / 1e6 for r in results])
    y_axis = scale_of([ms for r in results for name in SERIES for _, ms, _ in points([r], name)])
    panels = sorted({(r["isa"] == "avx2", r["isa"], r["threads"]) for r in results})
    step_x, step_y = LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM
    columns = len({threads for _, _, threads in panels})
    width, height = columns * step_x, 30 + -(-len(panels) // columns) * step_y
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}">',
             "<style>text{font:12px sans-serif;fill:#333}.title{font-weight:bold}"
             ".middle{text-anchor:middle}.end{text-anchor:end}.grid{stroke:#e4e4e4}</style>",
             '<rect width="100%" height="100%" fill="white"/>', legend()]
    for i, (_, isa, threads) in enumerate(panels):
        chosen = [r for r in results if (r["isa"], r["threads"]) == (isa, threads)]
        title = f"{ISAS[isa]}, {threads} thread{'s' * (threads > 1)}"
        parts.append(f'<g transform="translate({i % columns * step_x} {30 + i // columns * step_y})">'
                     f"\n{panel(title, chosen, x_axis, y_axis)}\n</g>")
    return "\n".join(parts + ["</svg>\n"])


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    target.write_text(draw(json.loads(source.read_text())["results"]))


if __name__ == "__main__":
    main()
