#!/usr/bin/env python3
"""Measures what a call of the Python package costs beside the network, and how threads scale.

    PYTHONPATH=build/release/python /usr/bin/python3 bench/python/speed.py [FILE [SIDE]]

FILE has weights (default: examples/orientation/text_line_orientation.safetensors); pictures are
SIDE x SIDE (default: as the network sees them). On a quiet machine.
"""

import pathlib
import statistics
import sys
import threading
import time

import numpy

import pplcnet

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
DEFAULT = PROJECT / "examples/orientation/text_line_orientation.safetensors"
ROUNDS, MANY = 15, 100


def seconds(work, times):
    """Processor time, which other work on the machine hardly changes."""
    begin = time.thread_time()
    for _ in range(times):
        work()
    return (time.thread_time() - begin) / times


def overhead(classifier, picture):
    """Times a call for one picture, and what another one in the same call adds, which is the
    network alone: the C++ time. The difference is what the call itself costs."""
    many = [picture] * MANY
    one, added = [], []
    for _ in range(ROUNDS):
        one.append(seconds(lambda: classifier.classify(picture), MANY))
        added.append((seconds(lambda: classifier.classify(many), 1) - one[-1]) / (MANY - 1))
    return min(one), min(added)


def calls_per_second(classifier, picture, threads):
    """Threads of Python that call one classifier for half a second."""
    counts = [0] * threads
    barrier = threading.Barrier(threads + 1)
    end = [0.0]

    def call(i):
        barrier.wait()
        while time.perf_counter() < end[0]:
            classifier.classify(picture)
            counts[i] += 1

    workers = [threading.Thread(target=call, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    end[0] = time.perf_counter() + 0.5
    barrier.wait()
    for worker in workers:
        worker.join()
    return sum(counts) / 0.5


def main():
    classifier = pplcnet.Classifier(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)
    side = int(sys.argv[2]) if len(sys.argv) > 2 else None
    height, width = (side, side) if side else classifier.input_size
    picture = numpy.random.default_rng(1).integers(0, 256, (height, width, 3), numpy.uint8)
    one, added = overhead(classifier, picture)
    print(f"{classifier.name}, pictures of {height}x{width}")
    print(f"a call for one picture      {one * 1e6:8.1f} us")
    print(f"the network in C++          {added * 1e6:8.1f} us")
    print(f"what the call itself costs  {(one - added) * 1e6:8.1f} us")
    ratios = []
    for _ in range(5):
        alone = calls_per_second(classifier, picture, 1)
        ratios.append(calls_per_second(classifier, picture, 2) / alone)
    print(f"two threads of Python       {statistics.median(ratios):8.2f} times the calls of one")


if __name__ == "__main__":
    main()
