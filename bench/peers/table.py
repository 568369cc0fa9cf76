#!/usr/bin/env python3
"""Writes how fast pplcnet is into bench/README.md and README.md, from several runs of one command.

    for i in 1 2 3; do bench/peers/run.sh --json build/run$i.json; done
    bench/peers/table.py build/run[123].json --write

    table.py RUN.json...            print the section of bench/README.md that the runs give
    table.py RUN.json... --write    merge the runs into bench/results/peers.json and write what
                                    follows from it: the sections of both pages, and
                                    bench/results/peers.svg
    table.py --write                write what follows from bench/results/peers.json
    table.py --check                say whether all are what would be written

Of each measurement the worst run is kept: that with the least ratio to the better of the other
engines, or with the greatest time where there are none. A run that was disturbed counts only if all
were; then the measurement has an asterisk in the table. Runs that differ in machine, compiler,
versions or rounds, or in what they measured, are not merged.

Under the table of bench/README.md are those of other machines, bench/results/peers_*.json, which
are kept as they were measured.
"""

import argparse
import json
import pathlib
import re
import sys
import textwrap

import plot
from compare import DISTURBED, OURS
from networks import PEER, table_of

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
LANDING_PAGE = PROJECT / "README.md"
PAGE = PROJECT / "bench/README.md"
MERGED = PROJECT / "bench/results/peers.json"
PLOT = PROJECT / "bench/results/peers.svg"
SHOWN = {"avx512": [1, 2], "avx2": [1]}  # instruction set: numbers of threads
SUMMARISED = ("x0_25", "x0_5", "x1_0", "x2_5", "textline")  # networks on the landing page


def ours(row):
    return row["engines"][OURS]["median_ms"]


def worst(rows):
    rows = [row for row in rows if not row["disturbed"]] or rows
    if "ratio_to_best_peer" in rows[0]:
        return min(rows, key=lambda row: row["ratio_to_best_peer"])
    return max(rows, key=ours)


def merge(runs):
    """One run, of the worst rows of all; `runs` is by name of file."""
    def by_what(run):
        return {tuple(row[key] for key in ("scale", "threads", "isa", "batch")): row
                for row in run["results"]}

    first_name, first = next(iter(runs.items()))
    rows = {what: [] for what in by_what(first)}
    for name, run in runs.items():
        for key in ("machine", "rounds", "pages"):
            if run.get(key) != first.get(key):
                sys.exit(f"{name} has another '{key}' than {first_name}: "
                         f"{run.get(key)}, {first.get(key)}")
        if by_what(run).keys() != rows.keys():
            sys.exit(f"{name} did not measure the same as {first_name}")
        for what, row in by_what(run).items():
            rows[what].append(row)
    tasks = {}
    for run in runs.values():
        for name, task in run.get("tasks", {}).items():
            tasks.setdefault(name, []).append(task)
    return {
        "date": ", ".join(sorted({run["date"] for run in runs.values()})),
        "machine": first["machine"], "rounds": first["rounds"], "runs": len(runs),
        "pages": first.get("pages"),
        "results": [worst(choice) for choice in rows.values()],
        "tasks": {name: min(choice, key=lambda task: task["ms"][PEER] / task["ms"][OURS])
                  for name, choice in tasks.items()},
    }


def threads_of(row):
    return "1 thread" if row["threads"] == 1 else f"{row['threads']} threads"


def asterisk(row):
    return r"\*" * row["disturbed"]


def table(results, isa):
    """Markdown: a line for each network, for each number of threads some columns."""
    lines = {}
    for row in results:
        lines.setdefault(row["scale"], []).append(row)
    peers = [name for name in plot.SERIES if name in results[0]["engines"] and name != OURS]
    head = [plot.ISAS[isa]]
    for row in next(iter(lines.values())):
        head += [f"{threads_of(row)}, ms", *(plot.SERIES[peer][0] for peer in peers), "over floor"]
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'--:|' * (len(head) - 1)}"
    for scale, rows in lines.items():
        cells = [scale]
        for row in rows:
            ratios = [row["engines"][peer]["median_ms"] / ours(row) for peer in peers]
            cells.append(f"{ours(row):#.3g}{asterisk(row)}")
            cells += [f"{ratio:.2f}" for ratio in [*ratios, row["time_over_floor"]]]
        yield f"| {' | '.join(cells)} |"


def section(merged, others):
    """What stands between the marks <!-- speed --> in bench/README.md."""
    return "\n".join(["", *paragraphs(merged),
                      *(line for one in others for line in paragraphs(one)), "", ""])


def compared(merged):
    """One picture, one thread, the instruction set that all engines use."""
    return [row for row in merged["results"] if row["batch"] == row["threads"] == 1
            and "onnxruntime" in row["engines"]]


def times(row, engine):
    return row["engines"][engine]["median_ms"] / ours(row)


def ratio(merged):
    """What stands between the marks <!-- ratio --> in README.md."""
    ratios = [times(row, "onnxruntime") for row in compared(merged)]
    return f"{min(ratios):.1f} to {max(ratios):.1f}"


def summary(merged):
    """What stands between the marks <!-- speed --> in README.md."""
    rows = [row for row in compared(merged) if row["scale"] in SUMMARISED]
    lines = ["", "", "| network | pplcnet, ms | oneDNN, ms | ONNX Runtime, ms | ONNX Runtime ÷ pplcnet |",
             "|---|--:|--:|--:|--:|"]
    for row in rows:
        cells = [f"{row['engines'][name]['median_ms']:#.3g}" for name in ("onednn", "onnxruntime")]
        lines.append(f"| {row['scale']} | {ours(row):#.3g}{asterisk(row)} | {' | '.join(cells)} "
                     f"| {times(row, 'onnxruntime'):.2f} |")
    text = (f"One picture, 1 thread, {plot.ISAS[rows[0]['isa']]}, {merged['machine']['cpu']}, "
            f"{merged['date']}; ONNX Runtime {merged['machine']['onnxruntime']}, oneDNN "
            f"{merged['machine']['onednn']}; `textline` is `PP-LCNet_x0_25_textline_ori`.")
    return "\n".join([*lines, "", *textwrap.wrap(text, 100, break_on_hyphens=False), "", ""])


def replace_sections(page, sections):
    """The page with other text between its marks <!-- NAME --> and <!-- /NAME -->."""
    text = page.read_text()
    for name, new in sections.items():
        text, count = re.subn(f"(?<=<!-- {name} -->).*?(?=<!-- /{name} -->)", lambda _: new, text,
                              flags=re.DOTALL)
        if count != 1:
            sys.exit(f"{page.relative_to(PROJECT)} needs <!-- {name} --> and <!-- /{name} -->, "
                     "each once")
    return text


def paragraphs(merged):
    """Tables of one machine, and what is to be said of it."""
    shown = [row for isa, threads in SHOWN.items() for row in merged["results"]
             if row["isa"] == isa and row["threads"] in threads]
    singles = [row for row in shown if row["batch"] == 1]
    batches = [row for row in shown if row["batch"] > 1]
    lines = []

    def add_paragraph(text):
        lines.extend(["", *textwrap.wrap(text, 100, break_on_hyphens=False)])

    for isa in SHOWN:
        if results := [row for row in singles if row["isa"] == isa]:
            lines += ["", *table(results, isa)]
    if batches:
        rates = [f"{1e3 / ours(row):,.0f}{asterisk(row)} ({plot.ISAS[row['isa']]}, "
                 f"{threads_of(row)})" for row in batches]
        add_paragraph(f"Pictures a second in batches of {batches[0]['batch']}, "
                      f"{batches[0]['scale']}: {', '.join(rates)}.")
    if merged.get("tasks"):
        add_paragraph("What PP-LCNet is a part of, whole, with one thread:")
        lines += ["", table_of(merged["tasks"])]
    machine = merged["machine"]
    of_runs = f"; of {merged['runs']} runs the undisturbed one in which pplcnet compares worst"
    of_runs *= merged["runs"] > 1
    versions = ""
    if "compiler" in machine:
        versions = (f"; {machine['compiler']}; ONNX Runtime {machine['onnxruntime']}, "
                    f"oneDNN {machine['onednn']}")
    pages = {"huge": " All engines have huge pages.", "small": " No engine has huge pages."}
    add_paragraph(f"Measured {merged['date']} on {machine['cpu']}, {machine['cores']} cores"
                  f"{versions}. Medians of {merged['rounds']} rounds{of_runs}."
                  + pages.get(merged.get("pages"), "") + merged.get("note", ""))
    if any(row["disturbed"] for row in shown):
        add_paragraph(r"\* Disturbed in every run: the median of an engine was more than "
                      f"{DISTURBED} × its least time, so something else was running. Such numbers "
                      "say little.")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN.json", nargs="*", type=pathlib.Path,
                        help="what run.sh --json wrote")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", action="store_true", help="write the pages and the plot")
    action.add_argument("--check", action="store_true", help="are they current?")
    options = parser.parse_args()
    if options.check and options.runs:
        parser.error("--check takes no runs: it looks at bench/results/peers.json")

    if options.runs:
        merged = merge({str(path): json.loads(path.read_text()) for path in options.runs})
    elif MERGED.exists():
        merged = json.loads(MERGED.read_text())
    else:
        sys.exit(f"{MERGED.relative_to(PROJECT)} is missing: table.py --help")
    others = [json.loads(path.read_text()) for path in sorted(MERGED.parent.glob("peers_*.json"))]
    text = section(merged, others)
    files = {
        LANDING_PAGE: replace_sections(LANDING_PAGE, {"ratio": ratio(merged),
                                                      "speed": summary(merged)}),
        PAGE: replace_sections(PAGE, {"speed": text}),
        PLOT: plot.draw(merged["results"]),
    }

    if options.check:
        old = [path for path, new in files.items() if not path.exists() or path.read_text() != new]
        for path in old:
            print(f"{path.relative_to(PROJECT)} is not what {MERGED.relative_to(PROJECT)} gives: "
                  "bench/peers/table.py --write")
        return 1 if old else 0
    if not options.write:
        print(text.strip())
        return 0
    MERGED.parent.mkdir(exist_ok=True)
    MERGED.write_text(json.dumps(merged, indent=1) + "\n")
    for path, new in files.items():
        path.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
