"""An engine that is timed: a program that stays alive; and the machine that it runs on."""

import ctypes
import os
import pathlib
import re
import statistics
import subprocess
import time

SETTLED = 0.05  # seconds after which no engine's threads wait for work by spinning


def refuse_huge_pages():
    """For this process and what it starts, whatever programs ask for."""
    PR_SET_THP_DISABLE = 41
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_THP_DISABLE)")


class Engine:
    """A program that replies to each line it is sent with numbers, see rounds.hpp. It has computed its
    first picture before the next engine starts."""

    def __init__(self, command, cores, threads, pages):
        pinned = ["taskset", "--cpu-list", ",".join(cores[:threads])] + command
        # pplcnet asks for huge pages itself; for others malloc does.
        tunables = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"} if pages == "huge" else {}
        self.process = subprocess.Popen(
            [str(word) for word in pinned], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, bufsize=1,
            env=os.environ | {"OMP_NUM_THREADS": str(threads)} | tunables,
            preexec_fn=refuse_huge_pages if pages == "small" else None)
        self.logits = self.read()
        self.rounds = []

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self.process.args)}: ended without a reply")
        return [float(word) for word in line.split()]

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        return self.read()

    def run_round(self):
        self.rounds.append(self.ask("round"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def median(self, column=0):
        return statistics.median(numbers[column] for numbers in self.rounds)

    def least(self):
        return min(numbers[1] for numbers in self.rounds)


def in_rounds(options, start, check):
    """Runs the engines that `start` starts in interleaved rounds; returns them, closed, and what
    `check` says of them at each start. Every second round runs them in the other order, so that none
    has the better neighbour; --starts starts them anew in between, since where a process lies in
    memory makes a per cent or two."""
    engines, checked = {}, []
    for first in range(0, options.rounds, -(-options.rounds // options.starts)):
        started = start()
        try:
            checked.append(check(started))
            for name, engine in started.items():
                engine.rounds = engines[name].rounds if name in engines else []
            engines = started
            for index in range(first, min(options.rounds,
                                          first - (-options.rounds // options.starts))):
                for engine in list(engines.values())[::-1 if index % 2 else 1]:
                    time.sleep(SETTLED)
                    engine.run_round()
        finally:
            for engine in started.values():
                engine.close()
    return engines, checked


def describe_machine(build):
    """What the times depend on: the processor, and the versions of what is compared."""
    def output(*command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    cache = (build / "CMakeCache.txt").read_text()
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.+)$", cache, re.MULTILINE)[1]
    processor = re.search(r"^model name\s*: (.+)$", pathlib.Path("/proc/cpuinfo").read_text(),
                          re.MULTILINE)[1]
    return {
        "cpu": processor, "cores": os.cpu_count(),
        "compiler": output(compiler, "--version").splitlines()[0],
        "onnxruntime": output("node", "-p", "require('onnxruntime-node/package.json').version"),
        "onednn": output("dpkg-query", "--show", "--showformat", "${source:Upstream-Version}",
                         "libdnnl-dev"),
    }
