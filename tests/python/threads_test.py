"""Threads of Python share what they call, and go on while others compute."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy


def test_one_classifier_in_many_threads(lines, street):
    parts = [street[i:i + 60, 2 * i:2 * i + 150] for i in range(40)]
    expected = [lines.classify(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert all(map(numpy.array_equal, pool.map(lines.classify, parts), expected))


def test_other_threads_go_on(lines, street):
    """The one call takes hundreds of the 5 ms after which a thread gives up Python's lock."""
    entered, steps = threading.Event(), 0

    def compute():
        entered.set()
        lines.classify(numpy.broadcast_to(street, (3000, *street.shape)))

    computing = threading.Thread(target=compute)
    computing.start()
    entered.wait()
    while computing.is_alive():
        steps += 1
        computing.join(0.001)
    assert steps > 50
