"""Times networks in int8 with one thread: this library's, ONNX Runtime's and oneDNN's, in
interleaved rounds with this library's float32."""

import math
import pathlib
import subprocess

from engine import Engine, in_rounds

SCALES = "x0_25 x0_35 x0_5 x0_75 x1_0 x1_5 x2_0 x2_5 v2_small v2_base v2_large"
HERE = pathlib.Path(__file__).resolve().parent
OURS, BYTES, FLOATS, ONEDNN = "pplcnet", "pplcnet, from bytes", "pplcnet, float32", "onednn"
# Two forms of one network; the faster one is ONNX Runtime's time.
RUNTIME = {"onnxruntime": "int8", "onnxruntime, tables": "table.int8"}
# Decibels between the logits and float32's: is it the same network? With synthetic weights, all of
# which matter, and one scale a map, ONNX Runtime and oneDNN keep less than with trained ones.
LEAST_DECIBELS = 2


def write_models(build, models, scale):
    """Writes the models of ONNX Runtime."""
    subprocess.run([build / "bin/peers_onnx", scale, models], check=True)
    # Debian's Python has the package python3-onnx.
    subprocess.run(["/usr/bin/python3", HERE / "quantise_onnx.py", models, scale], check=True)


def start(options, scale, isa, native):
    """The engines that can do this, by name. ONNX Runtime takes the best instruction set."""
    binaries = options.build / "bin"
    commands = {
        OURS: [binaries / "peers_quantised", scale, isa, "floats"],
        BYTES: [binaries / "peers_quantised", scale, isa, "bytes"],
        FLOATS: [binaries / "peers_pplcnet", "forward", scale, isa, 1, 1],
        ONEDNN: [binaries / "peers_onednn_int8", scale, isa],
    }
    if native:
        for name, form in RUNTIME.items():
            commands[name] = ["node", HERE / "onnxruntime.js", options.build / "models",
                              f"{scale}.{form}", 1]
    return {name: Engine(command, options.cores, 1, options.pages)
            for name, command in commands.items()}


def decibels(engines):
    """How near each engine's logits are to those of float32, as the ratio of signal to noise."""
    exact = engines[FLOATS].logits
    signal = sum(value * value for value in exact)
    result = {}
    for name, engine in engines.items():
        if name == FLOATS:
            continue
        noise = sum((a - b) ** 2 for a, b in zip(engine.logits, exact, strict=True))
        result[name] = 10 * math.log10(signal / max(noise, 1e-30))
        if not result[name] >= LEAST_DECIBELS:
            raise SystemExit(f"{name} has other logits: {result[name]:.1f} dB of float32's")
    return result


def measure(options, scale, isa, native, disturbed):
    """Times of a network. `disturbed`: a median this many times the least time is none."""
    engines, near = in_rounds(options, lambda: start(options, scale, isa, native), decibels)
    ours = engines[OURS].median()
    medians = {name: engine.median() for name, engine in engines.items()}
    result = {
        "scale": scale, "isa": isa, "threads": 1, "batch": 1,
        "engines": {name: {"min_ms": 1e3 * engine.least(), "median_ms": 1e3 * engine.median()}
                    for name, engine in engines.items()},
        "decibels": near[0],
        "times_as_fast_as_float32": medians[FLOATS] / ours,
        "times_as_fast_as_onednn": medians[ONEDNN] / ours,
        "disturbed": any(engine.median() > disturbed * engine.least()
                         for engine in engines.values()),
    }
    if native:
        result["times_as_fast_as_onnxruntime"] = min(medians[name] for name in RUNTIME) / ours
    return result


HEADER = ("| network | isa | pplcnet, ms | from bytes, ms | float32, ms | ONNX Runtime, ms "
          "| its tables, ms | oneDNN, ms | × float32 | × ONNX Runtime | × oneDNN |\n"
          "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")


def row(result):
    def number(value, digits):
        return "-" if value is None else f"{value:.{digits}f}"

    times = [number(result["engines"].get(name, {}).get("median_ms"), 3)
             for name in (OURS, BYTES, FLOATS, *RUNTIME, ONEDNN)]
    ratios = [number(result.get(f"times_as_fast_as_{name}"), 2)
              for name in ("float32", "onnxruntime", "onednn")]
    return (f"| {result['scale']} | {result['isa']} | " + " | ".join(times + ratios) + " |"
            + " disturbed" * result["disturbed"])
