#!/usr/bin/env python3
"""Times lightweight networks on this engine and in ONNX Runtime, in interleaved rounds with one
thread; prints a table in Markdown and draws accuracy against latency. See run.sh."""

import argparse
import datetime
import json
import os
import pathlib
import sys

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
sys.path.insert(0, str(PEERS))
from engine import describe_machine  # noqa: E402
from networks import OURS, known, measure, table_of  # noqa: E402

# PP-LCNet, those that its paper compares it with (table 3), and GhostNet.
PAPER = """
    PPLCNet_x0_25 PPLCNet_x0_35 PPLCNet_x0_5 PPLCNet_x0_75 PPLCNet_x1_0 MobileNetV1
    MobileNetV2_x0_25 MobileNetV2_x0_5 MobileNetV2 MobileNetV3_small_x0_35
    MobileNetV3_small_x1_25 MobileNetV3_large_x0_35 ShuffleNetV2_x0_33 ShuffleNetV2_x0_5
    GhostNet_x0_5 GhostNet_x1_0
""".split()
# All others that are in networks/README.md, most of them of the collection light_cnns.
CATALOGUE = """
    PPLCNetV2_base MobileNetV3_small_x1_0 MobileNetV3_large_x1_0 ShuffleNetV2
    lcnet_baseline mbv1 mbv2 mbv3_small mbv3_large mobilenext shufflenetv1 shufflenetv2 resnet20
    ghostnet mbv2_ca mbv2_eca mbv2_sa mbv2_triplet resnet50_v1b resnest50_v1b mobilevit_s googlenet
    torchvision_googlenet inception_v2 inception_v3 inception_v4 xception ic_resnet50 espnetv1
    espnetv2 timm_mobilevit_s
""".split()
GROUPS = {"paper": PAPER, "catalogue": CATALOGUE}
FAMILIES = {"PPLCNet": "#d1362f", "MobileNetV1": "#8a8a8a", "MobileNetV2": "#0072b2",
            "MobileNetV3": "#009e73", "ShuffleNetV2": "#e69f00", "GhostNet": "#8b5fb0"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 420, 56, 46, 150, 50


def draw(results):
    """Accuracy against latency on this engine, in SVG; a line joins the widths of a family."""
    results = {name: r for name, r in results.items() if r["top1"]}
    most = max(r["ms"][OURS] for r in results.values()) * 1.08
    low = min(r["top1"] for r in results.values()) - 2
    high = max(r["top1"] for r in results.values()) + 2

    def x(ms):
        return LEFT + WIDTH * ms / most

    def y(top1):
        return TOP + HEIGHT * (high - top1) / (high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} '
             f'{TOP + HEIGHT + BOTTOM}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="{LEFT}" y="24" font-weight="bold">Top-1 accuracy against latency, one '
             'thread</text>']
    for top1 in range(int(low) + 1, int(high) + 1, 5):
        parts.append(f'<path d="M{LEFT} {y(top1):.1f}h{WIDTH}" stroke="#e2e2e2"/>'
                     f'<text x="{LEFT - 8}" y="{y(top1) + 4:.1f}" text-anchor="end">{top1} %</text>')
    for step in range(0, int(most * 2) + 1):
        parts.append(f'<path d="M{x(step / 2):.1f} {TOP}v{HEIGHT}" stroke="#e2e2e2"/><text '
                     f'x="{x(step / 2):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">'
                     f'{step / 2:g}</text>')
    parts.append(f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 40}" text-anchor="middle">'
                 'milliseconds for a picture</text>')
    for i, (family, colour) in enumerate(FAMILIES.items()):
        points = sorted((r["ms"][OURS], r["top1"]) for name, r in results.items()
                        if name.startswith(family))
        line = " ".join(f"{x(ms):.1f},{y(top1):.1f}" for ms, top1 in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(ms):.1f}" cy="{y(top1):.1f}" r="4" fill="{colour}"/>'
                  for ms, top1 in points]
        parts.append(f'<circle cx="{LEFT + WIDTH + 24}" cy="{TOP + 14 + 22 * i}" r="4" '
                     f'fill="{colour}"/><text x="{LEFT + WIDTH + 36}" y="{TOP + 18 + 22 * i}">'
                     f'{family.replace("PPLCNet", "PP-LCNet")}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--networks", default="paper catalogue",
                        help="some, by name; paper: those of table 3; catalogue: all others; "
                        "all: every classifier that the library knows (default: paper catalogue)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--core", default="0")
    parser.add_argument("--quick", action="store_true", default="PPLCNET_BENCH_QUICK" in os.environ,
                        help="does it work? two networks, 2 rounds")
    options = parser.parse_args()
    if options.quick:
        options.networks, options.rounds = "PPLCNet_x0_25 ShuffleNetV2_x0_33", 2
    (options.build / "models").mkdir(exist_ok=True)
    chosen = {name for word in options.networks.split() for name in GROUPS.get(word, [word])}
    results, counts = {}, set()
    for name, about, in_all in known(options.build):
        count = about["parameters"], about["multiply_adds"]
        is_variant = count in counts  # the same network with other weights
        counts.add(count)
        if name not in chosen and ("all" not in chosen or is_variant or not in_all):
            continue
        results[name] = about | {"ms": measure(options.build, name, options.rounds, options.core)}
    print(table_of(results))
    if options.json:
        about = {"date": datetime.date.today().isoformat(),
                 "machine": describe_machine(options.build), "rounds": options.rounds}
        options.json.write_text(json.dumps(about | {"results": results}, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(draw(results))


if __name__ == "__main__":
    main()
