"""Other processes, and Ctrl-C."""

import copy
import multiprocessing
import os
import pickle
import signal
import threading
import time

import numpy
import pytest

import pplcnet
from conftest import ORIENTATION

LINES = ORIENTATION / "text_line_orientation.safetensors"


def test_pickles_open_the_file_again(street):
    classifier = pplcnet.Classifier(LINES, labels=["up", "down"], threads=2)
    classifier.topk = 1
    expected = list(classifier.predict(street))
    for again in (pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier)):
        assert list(again.predict(street)) == expected
        assert again.labels == ["up", "down"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_of_processes(lines, street, method):
    parts = [street[i:i + 60, 2 * i:2 * i + 150] for i in range(6)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map(lines.classify, parts)
    assert numpy.array_equal(found, lines.classify(parts))


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_a_long_call(street, threads):
    """All pictures would take minutes."""
    classifier = pplcnet.Classifier(LINES, threads=threads)
    many = numpy.broadcast_to(street[:80, :160], (400_000, 80, 160, 3))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & has it ignored
    interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupt.start()
        classifier.classify(many)
    assert time.monotonic() - begin < 20
    assert classifier.classify(many[:2]).shape == (2, 2)
