#!/usr/bin/env python3
"""Counts the instructions of a forward pass, which need no clock to be compared, with QEMU.

    count.py                      compare all networks with expected.txt (3 %)
    count.py --write              write expected.txt
    count.py --layers x1_0 NEON   a table of one network, layer by layer

AVX2 is counted on qemu-x86_64, NEON on qemu-aarch64; QEMU has no AVX-512. What a compiler makes
of the kernels is the compiler's: expected.txt holds for g++ 12, with another one the comparison is
skipped.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
EXPECTED = HERE / "expected.txt"
COMPILER = "12"  # major version of g++
TOLERANCE = 0.03
SKIPPED = 77
NETWORKS = ["x0_25", "x0_5", "x1_0", "textline"]
MACHINES = {"AVX2": ("g++", ["qemu-x86_64", "-cpu", "max"], 8),
            "NEON": ("aarch64-linux-gnu-g++", ["qemu-aarch64"], 4)}
# Words of the kernels' names, in the order in which they are looked for; the rest is glue.
KERNELS = {"convolution": ["convolution_rows", "load_lines"], "depthwise": ["depthwise_"],
           "pointwise": ["product_", "Pointwise8Rows"], "dense": ["dense"]}


def skip(why):
    print(f"Skipped: {why}")
    sys.exit(SKIPPED)


class Counter:
    """The program and the plugin, compiled for one kind of machine."""

    def __init__(self, isa, folder, flags, compiled):
        self.isa = isa
        compiler, self.emulator, self.lanes = MACHINES[isa]
        for program in (compiler, self.emulator[0], "gcc"):
            if not shutil.which(program):
                skip(f"{program} is not installed")
        self.version = subprocess.run([compiler, "-dumpversion"], check=True, text=True,
                                      capture_output=True).stdout.strip()
        self.program, self.plugin = folder / f"layers_{isa}", folder / "count_plugin.so"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", HERE / "count_plugin.c", "-o",
                        self.plugin], check=True)
        library = ["-DPPLCNET_COMPILED", compiled[isa]] if isa in compiled else []
        subprocess.run([compiler, "-std=c++20", "-O2", "-static", f"-I{PROJECT}/include", *flags,
                        HERE / "layers.cpp", PROJECT / "tests/synthetic.cpp", *library, "-o",
                        self.program], check=True)

    def layers(self, network):
        """[(name, shape, {kernel: multiply-adds}, {kernel: instructions})], chain by chain."""
        words = [word for kernel in KERNELS.values() for word in kernel]
        plugin = ",".join([str(self.plugin)] + [f"{word}=on" for word in words])
        with tempfile.NamedTemporaryFile("r") as log:
            output = subprocess.run(
                [*self.emulator, "-plugin", plugin, "-d", "plugin", "-D", log.name, self.program,
                 network, self.isa], check=True, text=True, capture_output=True).stdout
            counts = [[int(n) for n in line.split()] for line in log][1:]  # not what came before
        result = []
        for line, count in zip(output.splitlines(), counts, strict=True):
            name, *numbers = line.split()
            numbers = [int(n) for n in numbers]
            instructions, place = {}, 0
            for kernel, its_words in KERNELS.items():
                instructions[kernel] = sum(count[place:place + len(its_words)])
                place += len(its_words)
            instructions["other"] = count[-1]
            result.append((name, "x".join(map(str, numbers[:3])),
                           dict(zip(KERNELS, numbers[3:])), instructions))
        return result

    def total(self, network):
        total = {}
        for *_, instructions in self.layers(network):
            for kernel, count in instructions.items():
                total[kernel] = total.get(kernel, 0) + count
        return total


def print_layers(counter, network):
    print(f"{network}, {counter.isa}: instructions, and in brackets how many times the "
          f"multiply-adds / {counter.lanes}")
    print(f"{'step':24}{'output':>12}" + "".join(f"{k:>20}" for k in KERNELS) + f"{'other':>10}")
    for name, shape, products, instructions in counter.layers(network):
        row = f"{name:24}{shape:>12}"
        for kernel in KERNELS:
            cell = ""
            if products[kernel]:
                ratio = instructions[kernel] * counter.lanes / products[kernel]
                cell = f"{instructions[kernel]} ({ratio:.2f})"
            row += f"{cell:>20}"
        print(row + f"{instructions['other']:>10}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--layers", nargs=2, metavar=("NETWORK", "ISA"))
    parser.add_argument("--flags", default="", help="for the compiler")
    parser.add_argument("--compiled", metavar="ISA=FILE", action="append", default=[],
                        help="its kernels, compiled with -O2 (default: compiled here)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count = lambda isa: Counter(isa, pathlib.Path(folder), options.flags.replace(";", " ").split(),
                                    dict(pair.split("=", 1) for pair in options.compiled))
        if options.layers:
            return print_layers(count(options.layers[1]), options.layers[0])
        found = {}
        for isa in MACHINES:
            counter = count(isa)
            if counter.version.split(".")[0] != COMPILER and not options.write:
                skip(f"g++ {counter.version}; {EXPECTED.name} holds for g++ {COMPILER}")
            for network in NETWORKS:
                found[network, isa] = counter.total(network)
    if options.write:
        lines = [f"# Instructions of a forward pass, by kernel, with g++ {COMPILER} -O2; written by "
                 f"{pathlib.Path(__file__).name} --write."]
        lines += [" ".join([*key] + [f"{kernel}={n}" for kernel, n in counts.items()])
                  for key, counts in found.items()]
        EXPECTED.write_text("\n".join(lines) + "\n")
        return 0
    status = 0
    for line in EXPECTED.read_text().splitlines()[1:]:
        network, isa, *pairs = line.split()
        expected = {kernel: int(n) for kernel, n in (pair.split("=") for pair in pairs)}
        counts = found[network, isa]
        total, before = sum(counts.values()), sum(expected.values())
        worse = [f"{kernel} {expected[kernel]} -> {n}" for kernel, n in counts.items()
                 if abs(n - expected[kernel]) > TOLERANCE * before]
        print(f"{network:10}{isa:6}{total:12} instructions, {total / before - 1:+.1%}")
        if abs(total - before) > TOLERANCE * before or worse:
            print(f"    more than {TOLERANCE:.0%} from {before} in {EXPECTED.name}: "
                  f"{'; '.join(worse) or 'in all'}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
