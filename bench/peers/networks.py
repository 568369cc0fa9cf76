"""Times whole networks, known to the library by name, on this engine and in ONNX Runtime, in
interleaved rounds with one thread."""

import pathlib
import subprocess

from engine import Engine

HERE = pathlib.Path(__file__).resolve().parent
# What PP-LCNet is the backbone of: detectors, and PP-OCR's pair at the sizes they were trained on.
TASKS = """picodet_s_320_coco_lcnet picodet_s_416_coco_lcnet PP-OCRv4_mobile_det
           PP-OCRv4_mobile_rec""".split()
# Of the largest logit: do both compute the same network? With synthetic weights some networks are
# chaotic (MobileNeXt's logits change by 2 % with 1e-6 of the picture); tests compare exactly.
TOLERANCE = 5e-2
OURS, PEER = "pplcnet", "ONNX Runtime"


def program_of(build):
    """The program that has the networks, see ../lightweight/networks.cpp."""
    return build / "bin/lightweight_networks"


def known(build):
    """All networks by name: what is known of them, and whether `all` has them."""
    listed = subprocess.run([program_of(build), "list"], check=True, stdout=subprocess.PIPE,
                            text=True).stdout
    for line in listed.splitlines():
        name, top1, parameters, multiply_adds, in_all = line.split()
        yield name, {"top1": float(top1), "parameters": int(parameters),
                     "multiply_adds": int(multiply_adds)}, in_all != "0"


def measure(build, network, rounds, core):
    """Median milliseconds of both engines."""
    program, models = program_of(build), build / "models"
    subprocess.run([program, "onnx", network, models], check=True)
    commands = {OURS: [program, "forward", network],
                PEER: ["node", HERE / "onnxruntime.js", models, network, 1]}
    engines = {name: Engine(command, [core], 1, "huge") for name, command in commands.items()}
    try:
        ours, theirs = (engine.logits for engine in engines.values())
        largest = max(map(abs, ours))
        if not max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= TOLERANCE * largest:
            raise SystemExit(f"{network}: ONNX Runtime has other logits")
        for _ in range(rounds):
            for engine in engines.values():
                engine.run_round()
    finally:
        for engine in engines.values():
            engine.close()
    return {name: 1e3 * engine.median() for name, engine in engines.items()}


def measure_tasks(build, names, rounds, core):
    """The times of networks by name, and what is known of them."""
    facts = {name: about for name, about, _ in known(build)}
    return {name: facts[name] | {"ms": measure(build, name, rounds, core)} for name in names}


def table_of(results):
    """A table in Markdown, by accuracy where it is known and by time where it is not."""
    lines = ["| network | parameters, M | multiply-adds, M | top-1, % | pplcnet, ms | ONNX Runtime, ms "
             "| times as fast |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, r in sorted(results.items(), key=lambda entry: (entry[1]["top1"], entry[1]["ms"][OURS])):
        ours, theirs = r["ms"][OURS], r["ms"][PEER]
        lines.append(f"| {name} | {r['parameters'] / 1e6:.2f} | {r['multiply_adds'] / 1e6:.0f} "
                     f"| {format(r['top1'], '.2f') if r['top1'] else '-'} | {ours:.3f} "
                     f"| {theirs:.3f} | {theirs / ours:.2f} |")
    return "\n".join(lines)
