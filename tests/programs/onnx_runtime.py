"""ONNX Runtime: npm's package, which tests/onnx installs where it can."""

import atexit
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import numpy

MODULES = pathlib.Path(os.environ.get("NODE_MODULES", ""))
NODE = shutil.which("node")
IS_THERE = NODE is not None and (MODULES / "onnxruntime-node").is_dir()


@functools.cache
def started():
    """The program, which takes longer to begin than to run a model."""
    program = subprocess.Popen([NODE, pathlib.Path(__file__).with_suffix(".js")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "NODE_PATH": str(MODULES)})
    atexit.register(program.communicate)
    return program


def run(path, x):
    """The first output of a model for one picture, [3][rows][columns]."""
    _, height, width = x.shape
    with tempfile.NamedTemporaryFile() as picture:
        picture.write(numpy.ascontiguousarray(x, "f4").tobytes())
        picture.flush()
        print(path, height, width, picture.name, sep="\t", file=started().stdin, flush=True)
        return numpy.array(json.loads(started().stdout.readline()), "f4")
