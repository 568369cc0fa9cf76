"""Threads of Python share what they call, and go on while others compute."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy

import pplcnet
from conftest import ORIENTATION


def test_one_classifier_in_many_threads(lines, street):
    parts = [street[i:i + 60, 2 * i:2 * i + 150] for i in range(40)]
    expected = [lines.classify(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert all(map(numpy.array_equal, pool.map(lines.classify, parts), expected))


def test_other_threads_go_on(lines, street):
    """One call takes many times the millisecond that this thread waits for it."""
    entered, steps = threading.Event(), 0

    def compute():
        entered.set()
        lines.classify(numpy.broadcast_to(street, (500, *street.shape)))

    computing = threading.Thread(target=compute)
    computing.start()
    entered.wait()
    while computing.is_alive():
        steps += 1
        computing.join(0.001)
    assert steps > 10


def test_a_fork_has_none_of_the_threads_and_goes_on(street):
    classifier = pplcnet.Classifier(ORIENTATION / "text_line_orientation.safetensors", threads=2)
    expected = classifier.classify([street] * 4)
    child = os.fork()
    if child == 0:
        good = numpy.array_equal(classifier.classify([street] * 4), expected)
        del classifier
        os._exit(0 if good else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
