#!/usr/bin/env python3
"""Checks that README.md is true, in a fresh copy of the project.

    tests/readme/readme_test.py [COMPILER [FLAG]...]
    tests/readme/readme_test.py --write     # puts what commands print today into README.md

Beside the copy's README stand the files that it speaks of: PaddleOCR's model for text lines, and a
picture, line.png. The README's blocks are taken in order:

    sh     is run by bash; if a block of text or a table follows, it is what must be printed
    cpp    is compiled, inside a function, after prelude.hpp

A comment before a block changes that:

    <!-- readme_test: write NAME -->       the block becomes a file of the copy
    <!-- readme_test: at file scope -->    C++ that is no statement
    <!-- readme_test: leave out: WHY -->   the block is not looked at

CMake's blocks are what tests/consumers does.
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
DATA = pathlib.Path(os.environ.get("PPLCNET_TEST_DATA", PROJECT.parent / "shared"))
MODEL = DATA / "models" / "textline_ori_x0_25"
FILES = {
    "inference.pdiparams": MODEL / "inference.pdiparams",
    "inference.json": MODEL / "inference.json",
    "line.png": DATA / "images" / "textline_rot180_demo.png",
}
OPENCV = pathlib.Path("/usr/include/opencv4")  # a snippet shows how its pictures are used

BLOCK = re.compile(
    r"(?:<!-- readme_test: (?P<order>.*?) -->\n)?"
    r"```(?P<language>\w+)\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<text>.*?)^```\n|\n(?P<head>\|[^\n]*\n\|[-:|]+\n)(?P<rows>(?:\|[^\n]*\n)+))?",
    re.MULTILINE | re.DOTALL,
)


def table_rows(listing):
    """The lines of a listing, without its head, as rows of a table in Markdown."""
    rows = [line.split() for line in listing.splitlines()[1:]]
    cells = [[f"{int(cell):,}" if cell.isdigit() else cell for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def check(commands, folder, **more):
    """Runs commands in the folder; what they print is the answer."""
    done = subprocess.run(commands, cwd=folder, stdout=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"This of README.md failed with status {done.returncode}:\n{commands}")
    return done.stdout


def compile_snippets(snippets, compiler, folder):
    source = '#include "prelude.hpp"\n'
    for number, (order, code) in enumerate(snippets):
        # Two pairs of braces: a snippet may have variables of the names of the parameters.
        body = code if order else f"void snippet_{number}(SNIPPET_PARAMETERS) {{{{\n{code}}}}}\n"
        source += body
    file = pathlib.Path(folder) / "snippets.cpp"
    file.write_text(source)
    check([*compiler, "-std=c++20", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Werror",
           "-fsyntax-only", f"-I{HERE}", "-Iinclude", "-isystem", str(OPENCV),
           str(file)], folder)


def main(arguments):
    for path in FILES.values():
        if not path.exists():
            print(f"Skipped: {path} is missing")
            return 77
    if not OPENCV.exists():
        print(f"Skipped: {OPENCV} is missing (apt install libopencv-core-dev)")
        return 77
    readme = (PROJECT / "README.md").read_text()
    truth, end, snippets = "", 0, []  # truth: the README up to `end`, with what is printed today
    blocks = list(BLOCK.finditer(readme))
    if sum(block[0].count("```") for block in blocks) != readme.count("```"):
        sys.exit("README.md has a block that this test does not understand")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "pplcnet"
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("build", ".git"))
        for name, path in FILES.items():
            shutil.copy(path, folder / name)
        for block in blocks:
            order, code = block["order"] or "", block["code"]
            if order.startswith("leave out: "):
                continue
            if order.startswith("write "):
                (folder / order.removeprefix("write ")).write_text(code)
            elif block["language"] == "cpp":
                snippets.append((order, code))
            elif block["language"] == "sh":
                print(code, flush=True)
                printed = check(["bash", "-euo", "pipefail", "-c", code], folder)
                shown = "text" if block["text"] else "rows"
                if block[shown]:
                    printed = printed if shown == "text" else table_rows(printed)
                    truth += readme[end : block.start(shown)] + printed
                    end = block.end(shown)
        truth += readme[end:]
        if arguments == ["--write"]:
            (PROJECT / "README.md").write_text(truth)
            return 0
        compile_snippets(snippets, arguments or ["g++"], folder)
    if truth == readme:
        return 0
    print("README.md shows other output than there is (readme_test.py --write corrects it):")
    difference = difflib.unified_diff(
        readme.splitlines(), truth.splitlines(), "shown", "printed", "", "", 0, ""
    )
    print("\n".join(difference))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
