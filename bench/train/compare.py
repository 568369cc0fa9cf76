#!/usr/bin/env python3
"""Prints how many pictures a second pplcnet and PyTorch (Debian: apt install python3-torch; else it
is left out) train: whole steps of forward pass, loss, backward pass and update, in interleaved
rounds. Speeds are those of the least disturbed step."""

import argparse
import os
import pathlib
import subprocess

PYTHON = "/usr/bin/python3"  # Debian's
HERE = pathlib.Path(__file__).parent
# Of malloc, for PyTorch, whose every result is new memory: it is used again, and in huge pages.
# Otherwise batch norms spend nearly all of their time in the kernel, which clears pages.
KEEP_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=2000000000:"
                                 "glibc.malloc.trim_threshold=8000000000"}
BATCH = {"x0_25_textline": 32, "x0_5": 16}


class Program:
    """A program that takes steps for as many seconds as it is asked to, and replies with how long
    one took: the median and the least."""

    def __init__(self, command, threads):
        cores = ",".join(map(str, range(threads)))
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", cores, *map(str, command)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1, env=os.environ | KEEP_MEMORY)
        self.medians, self.least = [], float("inf")
        if not self.process.stdout.readline():  # the loss: it is ready
            raise SystemExit(f"{command[0]} has not started")

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        median, least = map(float, self.process.stdout.readline().split())
        self.medians.append(median)
        self.least = min(self.least, least)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def has_pytorch():
    find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    return subprocess.run([PYTHON, "-c", find], check=False).returncode == 0


def compare(network, threads, options):
    programs = {"pplcnet": Program([options.build / "bin/peers_train", network, threads], threads)}
    if has_pytorch():
        for layout in ("nchw", "channels_last"):
            programs[f"PyTorch, {layout}"] = Program(
                [PYTHON, HERE / "torch_step.py", network, threads, layout], threads)
    for _ in range(options.rounds):
        for program in programs.values():
            program.run(options.seconds)
    for program in programs.values():
        program.close()
    speeds = {name: BATCH[network] / program.least for name, program in programs.items()}
    ours, *theirs = speeds.values()
    each = ", ".join(f"{name} {speed:.1f}" for name, speed in speeds.items())
    times = f"; {ours / max(theirs):.2f} times as fast as the better one" if theirs else ""
    print(f"{network}, {threads} thread{'s' * (threads > 1)}: {each} pictures/s{times}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default="build/peers")
    parser.add_argument("--networks", nargs="+", default=list(BATCH), choices=list(BATCH))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of a program in a round")
    options = parser.parse_args()
    for network in options.networks:
        for threads in options.threads:
            compare(network, threads, options)


if __name__ == "__main__":
    main()
