#!/usr/bin/env python3
"""Writes how fast networks are into the pages that say so, from a run of one command.

    bench/lightweight/run.sh --json bench/results/lightweight.json
    bench/lightweight/table.py --write

    table.py --write    write what follows from bench/results/lightweight.json: the tables and the
                        plot of bench/README.md, and the last column of networks/README.md
    table.py --check    say whether all are what would be written
"""

import argparse
import json
import pathlib
import re
import sys
import textwrap

from compare import OURS, PAPER, draw, table_of

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
RESULTS = PROJECT / "bench/results/lightweight.json"
PLOT = PROJECT / "bench/results/lightweight.svg"
PAGE = PROJECT / "bench/README.md"
NETWORKS = PROJECT / "include/pplcnet/networks/README.md"
LATENCY = "ms"  # the header of the column


def section(run):
    """What stands between the marks <!-- lightweight --> in bench/README.md."""
    machine = run["machine"]
    text = (f"Measured {run['date']} on {machine['cpu']}, {machine['cores']} cores; ONNX Runtime "
            f"{machine['onnxruntime']}. Medians of {run['rounds']} rounds with one thread.")
    groups = [{name: r for name, r in run["results"].items() if (name in PAPER) == in_paper}
              for in_paper in (True, False)]
    paper, others = map(table_of, groups)
    return "\n".join(["", "", paper, "", "The other networks, those of the collection light_cnns among "
                      "them:", "", others, "", *textwrap.wrap(text, 100), "", ""])


def with_latencies(page, results):
    """The page of networks with a last column: milliseconds of what has a row's counts."""
    by_counts = {}
    for name, r in results.items():
        by_counts.setdefault((r["parameters"], r["multiply_adds"]), {})[name] = r["ms"][OURS]

    def latency(cells):
        columns = [[int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", cell)]
                   for cell in cells[4:6]]
        times = []
        for counts in zip(*columns):
            of_names = by_counts.get(counts, {"": None})
            named = [ms for name, ms in of_names.items() if f"`{name}`" in cells[1]]
            times.append((named or list(of_names.values()))[-1])
        return ", ".join(f"{ms:#.3g}" for ms in times) if times and all(times) else ""

    lines = []
    for line in page.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if lines and lines[-1].startswith("|"):
                last = "--:" if cells[0].startswith("---") else latency(cells)
            else:
                last, width = LATENCY, len(cells) - (cells[-1] == LATENCY)
            cells = cells[:width] + [last]
            dashes = cells[0].startswith("---")
            line = f"|{'|'.join(cells)}|" if dashes else f"| {' | '.join(cells)} |"
            line = re.sub(r"\|  (?=\|)", "| ", line)  # empty cells
        lines.append(line)
    return "\n".join(lines) + "\n"


def written():
    run = json.loads(RESULTS.read_text())
    mark = "<!-- lightweight -->", "<!-- /lightweight -->"
    page, count = re.subn(f"(?<={mark[0]}).*?(?={mark[1]})", lambda _: section(run),
                          PAGE.read_text(), flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{PAGE}: expected {' … '.join(mark)} once, found it {count} times")
    return {PAGE: page, PLOT: draw(run["results"]),
            NETWORKS: with_latencies(NETWORKS.read_text(), run["results"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    options = parser.parse_args()
    for path, text in written().items():
        if options.write:
            path.write_text(text)
        elif path.read_text() != text:
            sys.exit(f"{path} is not what bench/lightweight/table.py --write makes of "
                     f"{RESULTS.name}")


if __name__ == "__main__":
    main()
