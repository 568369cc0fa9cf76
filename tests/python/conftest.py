"""What the tests of the Python package have in common."""

import os
import pathlib
import subprocess

import numpy
import pytest
from PIL import Image

import pplcnet

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
ORIENTATION = PROJECT / "examples" / "orientation"
os.environ.setdefault("PPLCNET_TEST_DATA", str(PROJECT.parent / "shared"))
os.environ.setdefault("SYNTHETIC", "")  # tests/programs/program.py asks for it


@pytest.fixture(scope="session")
def lines():
    return pplcnet.Classifier(ORIENTATION / "text_line_orientation.safetensors")


@pytest.fixture(scope="session")
def street():
    """A picture whose sides and channels are all different."""
    with Image.open(PROJECT / "examples" / "street.png") as picture:
        return numpy.array(picture.convert("RGB"))


@pytest.fixture(scope="session")
def shared():
    """The folder of the reference data."""
    folder = pathlib.Path(os.environ["PPLCNET_TEST_DATA"])
    if not folder.exists():
        pytest.skip(f"{folder} is missing")
    return folder


@pytest.fixture(scope="session")
def program():
    """Runs the program pplcnet, and returns what it prints."""
    folder = os.environ.get("PROGRAMS")
    if folder is None:
        pytest.skip("PROGRAMS does not say where the program is")

    def run(*arguments):
        done = subprocess.run([f"{folder}/pplcnet", *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout

    return run
