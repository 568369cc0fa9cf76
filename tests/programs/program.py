"""Runs the programs of the project and looks at what they print."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ["PROGRAMS"])
EMULATOR = os.environ.get("EMULATOR", "").split()  # of another platform's programs
DATA = pathlib.Path(os.environ["PPLCNET_TEST_DATA"])  # weights and pictures of others
SYNTHETIC = pathlib.Path(os.environ["SYNTHETIC"])  # files of networks with synthetic weights

# What started the tests may ignore them, as `nohup` does and a shell's `&`, and programs would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def command(name):
    """What runs a program of its own, or a command of pplcnet."""
    file = program_file(name)
    if file.exists():
        return [*EMULATOR, file]
    return [*EMULATOR, program_file("pplcnet"), name]


def program_file(name):
    """Where a program of its own is, or would be."""
    windows = PROGRAMS / f"{name}.exe"
    return windows if windows.exists() else PROGRAMS / name


def skip_without(*paths):
    for path in paths:
        if not path.exists():
            print(f"Skipped: {path} is missing")
            sys.exit(77)


def needs(*paths):
    """For a test: skips it if one of the files is missing."""
    missing = [path for path in paths if not path.exists()]
    return unittest.skipIf(missing, f"{missing[0] if missing else ''} is missing")


def needs_posix(what):
    """For a test: skips it on Windows, which has no such thing."""
    return unittest.skipIf(EMULATOR, f"needs POSIX: {what}")


def run_tests():
    """unittest.main, which says at the end what was skipped, so that it is counted."""
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    reasons = sorted({reason for _, reason in result.skipped})
    if reasons:
        print(f"Skipped: {', '.join(reasons)} ({len(result.skipped)} of {result.testsRun} tests)")
        sys.exit(77)


class Result:
    """How a program ended, what it printed, and its complaints line by line: a program of its own,
    or a command of pplcnet."""

    def __init__(self, name, *arguments, stdin="", timeout=60):
        done = subprocess.run(
            [*command(name), *map(str, arguments)],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            timeout=timeout,
        )
        self.status = done.returncode
        self.bytes = done.stdout
        self.lines = done.stdout.decode(errors="replace").splitlines()
        self.complaints = done.stderr.decode(errors="replace").splitlines()


def pixels_of(path):
    """A picture's width, height and pixels, three bytes each, row by row."""
    _, size, _, pixels = Result("decode", path).bytes.split(b"\n", 3)
    return *map(int, size.split()), pixels
