#!/usr/bin/env python3
"""Runs pplcnet and other engines in interleaved rounds and compares their times; see run.sh."""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

import int8
from engine import Engine, describe_machine, in_rounds
from networks import TASKS, measure_tasks, table_of

SCALES = "x0_25 x0_35 x0_5 x0_75 x1_0 x1_5 x2_0 x2_5 textline"
TOLERANCE = 1e-4  # largest difference of logits, as a share of the largest logit
HALF_TOLERANCE = 1e-3  # the same where the head's weights are float16
DISTURBED = 1.3  # a median this many times the least time: something else was running
OURS, HALF_HEAD, BEFORE, FLOOR = "pplcnet", "pplcnet, half_head", "pplcnet, before", "floor"


def available_isas():
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return ["avx512"] * ("avx512bw" in flags) + ["avx2"] * ("avx2" in flags)


def start(options, scale, threads, isa, batch, native):
    """The engines that can do this, by name. ONNX Runtime takes the best instruction set there is
    and one picture; oneDNN can be held to AVX2."""
    binaries = options.build / "bin"
    commands = {
        OURS: [binaries / "peers_pplcnet", "forward", scale, isa, threads, batch],
        FLOOR: [binaries / "peers_pplcnet", "floor", scale, isa, threads, batch],
    }
    if options.before:
        commands[BEFORE] = [options.before / "bin/peers_pplcnet", "forward", scale, isa, threads,
                            batch]
    if batch == threads == 1 and not options.versions_only:
        commands[HALF_HEAD] = [binaries / "peers_pplcnet", "half_head", scale, isa, threads, batch]
    if batch == 1 and not options.versions_only:
        commands["onednn"] = [binaries / "peers_onednn", scale, isa]
        if native:
            script = pathlib.Path(__file__).with_name("onnxruntime.js")
            commands["onnxruntime"] = ["node", script, options.build / "models", scale, threads]
    return {name: Engine(command, options.cores, threads, options.pages)
            for name, command in commands.items()}


def check(engines):
    """All engines must have the same logits; returns the largest difference, as a share."""
    logits = {name: engine.logits for name, engine in engines.items()}
    del logits[FLOOR]
    ours = logits[OURS]
    largest = max(map(abs, ours))
    worst = 0
    for name, theirs in logits.items():
        if len(theirs) != len(ours):
            raise SystemExit(f"{name} has {len(theirs)} logits, {OURS} has {len(ours)}")
        difference = max(abs(a - b) for a, b in zip(ours, theirs)) / largest
        if not difference <= (HALF_TOLERANCE if name == HALF_HEAD else TOLERANCE):
            raise SystemExit(f"{name} has other logits: they differ by {difference:.1e} x largest")
        if name != HALF_HEAD:
            worst = max(worst, difference)
    return worst


def measure_cold(options, scale, isa):
    """Milliseconds of the first picture after loading, of one after 100 ms of other work, and of one
    among many, by engine: medians; every round starts the engines anew."""
    times = {}
    for _ in range(options.rounds):
        engines = start(options, scale, 1, isa, 1, True)
        try:
            check(engines)
            del engines[FLOOR]
            for name, engine in engines.items():
                seconds = [engine.ask("first")[0], engine.ask("pause")[0], engine.ask("round")[0]]
                times.setdefault(name, []).append(seconds)
        finally:
            for engine in engines.values():
                engine.close()
    return {name: [1e3 * statistics.median(column) for column in zip(*rows)]
            for name, rows in times.items()}


def print_cold(options, isa, models):
    """A table in Markdown."""
    print("| network | engine | first picture, ms | after other work, ms | one of many, ms |\n"
          "|---|---|--:|--:|--:|")
    for scale in options.scales.split():
        subprocess.run([options.build / "bin/peers_onnx", scale, models], check=True)
        times = measure_cold(options, scale, isa)
        for name, row in times.items():
            print(f"| {scale} | {name} | " + " | ".join(f"{ms:.3f}" for ms in row) + " |",
                  flush=True)


def measure(options, scale, threads, isa, batch, native):
    engines, differences = in_rounds(
        options, lambda: start(options, scale, threads, isa, batch, native), check)
    floor = engines.pop(FLOOR)
    ours = engines[OURS].median()
    to_ms = 1e3 / batch  # of one picture
    result = {
        "scale": scale, "threads": threads, "isa": isa, "batch": batch,
        "multiply_adds": int(floor.rounds[0][2]),
        "engines": {name: {"min_ms": to_ms * engine.least(), "median_ms": to_ms * engine.median()}
                    for name, engine in engines.items()},
        "disturbed": ours < floor.median() or any(engine.median() > DISTURBED * engine.least()
                                                  for engine in engines.values()),
        "largest_difference_of_logits": max(differences),
        "floor_ms": to_ms * floor.median(),
        "time_over_floor": ours / floor.median(),
        "fma_peak_gflops": 2e-9 * floor.median(3),
        "l3_gigabytes_per_second": 1e-9 * floor.median(4),
    }
    peers = {name: engine.median() for name, engine in engines.items()
             if name not in (OURS, HALF_HEAD, BEFORE)}
    if peers:
        result["best_peer"] = min(peers, key=peers.get)
        result["ratio_to_best_peer"] = min(peers.values()) / ours
    if BEFORE in engines:
        result["times_as_fast_as_before"] = statistics.median(
            before[0] / now[0]
            for before, now in zip(engines[BEFORE].rounds, engines[OURS].rounds))
    if HALF_HEAD in engines:
        result["half_head_times_as_fast"] = ours / engines[HALF_HEAD].median()
    if "onnxruntime" in engines:
        result["javascript_overhead_ms"] = 1e3 * engines["onnxruntime"].median(2)
    return result


HEADER = (f"{'network':9}{'batch':>6}{'threads':>8}{'isa':>8}{OURS:>9}{'ort':>9}{'onednn':>9}"
          f"{'js':>7}{'ratio':>7}{'before':>8}{'half':>6}{'floor':>9}{'over':>6}"
          f"{'GFLOP/s':>9}{'GB/s':>6}")


def row(result):
    def number(value, width, digits):
        return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"

    def median(name):
        return number(result["engines"].get(name, {}).get("median_ms"), 9, 3)

    return (f"{result['scale']:9}{result['batch']:6}{result['threads']:8}{result['isa']:>8}"
            + median(OURS) + median("onnxruntime") + median("onednn")
            + number(result.get("javascript_overhead_ms"), 7, 3)
            + number(result.get("ratio_to_best_peer"), 7, 2)
            + number(result.get("times_as_fast_as_before"), 8, 3)
            + number(result.get("half_head_times_as_fast"), 6, 2)
            + number(result["floor_ms"], 9, 3) + number(result["time_over_floor"], 6, 2)
            + number(result["fma_peak_gflops"], 9, 0)
            + number(result["l3_gigabytes_per_second"], 6, 0)
            + "  disturbed" * result["disturbed"])


def compare_int8(options, isas, models, about):
    """A table in Markdown, and JSON."""
    print(int8.HEADER, flush=True)
    results = []
    for scale in options.scales.split():
        int8.write_models(options.build, models, scale)
        for isa in isas:
            results.append(int8.measure(options, scale, isa, isa == isas[0], DISTURBED))
            print(int8.row(results[-1]), flush=True)
    if options.json:
        options.json.write_text(
            json.dumps(about | {"precision": "int8", "results": results}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path, help="plot of the results")
    parser.add_argument("--scales", help="networks, by name (default: all)")
    parser.add_argument("--precision", choices=["float32", "int8"], default="float32")
    parser.add_argument("--tasks", default=" ".join(TASKS),
                        help="whole networks in ONNX Runtime, by name (default: PicoDet-S and PP-OCR)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--starts", type=int, default=1,
                        help="how often the engines are started anew meanwhile")
    parser.add_argument("--versions-only", action="store_true",
                        help="no other engines: pplcnet and the version of --before")
    parser.add_argument("--cores", default="0,1", help="the first is that of one thread")
    parser.add_argument("--pages", choices=["huge", "small"], default="huge",
                        help="of memory, for all engines")
    parser.add_argument("--before", metavar="BUILD", type=pathlib.Path,
                        help="another version's build/peers, measured in the same rounds")
    parser.add_argument("--cold", action="store_true",
                        help="the first picture and one after other work instead, as a table")
    parser.add_argument("--quick", action="store_true", default="PPLCNET_BENCH_QUICK" in os.environ,
                        help="does it work? one scale, instruction set and thread, 2 rounds")
    options = parser.parse_args()
    if options.svg and not options.json:
        parser.error("--svg needs --json")
    if options.precision == "int8" and (options.cold or options.before or options.versions_only):
        parser.error("--precision int8 compares other engines, warm")
    options.scales = options.scales or (int8.SCALES if options.precision == "int8" else SCALES)
    options.cores, isas = options.cores.split(","), available_isas()
    if options.quick:
        options.scales, options.tasks, options.rounds = "x0_25", TASKS[0], 2
        options.cores, isas = options.cores[:1], isas[:1]
    models = options.build / "models"
    models.mkdir(exist_ok=True)
    about = {"date": datetime.date.today().isoformat(),
             "machine": describe_machine(options.build), "rounds": options.rounds,
             "pages": options.pages}
    if options.cold:
        print_cold(options, isas[0], models)
        return
    if options.precision == "int8":
        compare_int8(options, isas, models, about)
        return

    print("Milliseconds for a picture: median of the rounds' medians. ratio: best peer / pplcnet, "
          "above 1 is a win.\njs: what JavaScript adds to ort. before: how many times as "
          "fast as another version, the median of each round's ratio. half: how many times as fast half_head is. over: pplcnet / floor. "
          f"GFLOP/s, GB/s: of the machine.\ndisturbed: a median is above {DISTURBED} x the least "
          "time, or the floor above pplcnet; measure again when nothing else runs.\n")
    print(HEADER, flush=True)
    results = []
    for scale in options.scales.split():
        subprocess.run([options.build / "bin/peers_onnx", scale, models], check=True)
        for batch in [1, 8] if scale == "x1_0" else [1]:
            for threads in range(1, 1 + min(2, len(options.cores))):
                for isa in isas:
                    results.append(measure(options, scale, threads, isa, batch, isa == isas[0]))
                    print(row(results[-1]), flush=True)
    tasks = {}
    if options.tasks and not options.versions_only:
        tasks = measure_tasks(options.build, options.tasks.split(), options.rounds, options.cores[0])
        print(f"\nWhole networks, one thread:\n\n{table_of(tasks)}", flush=True)
    if options.json:
        options.json.write_text(
            json.dumps(about | {"results": results, "tasks": tasks}, indent=1) + "\n")
    if options.svg:
        plot = pathlib.Path(__file__).with_name("plot.py")
        subprocess.run([sys.executable, plot, options.json, options.svg], check=True)


if __name__ == "__main__":
    main()
