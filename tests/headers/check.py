#!/usr/bin/env python3
"""Checks that every header can be included alone, and first, and twice; by programs without
exceptions and RTTI, too.

    check.py [--clang] COMPILER [FLAG]...

One file for each would compile most headers again and again. A file has a chain of them instead,
each after only such as it includes itself: whatever a header lacks is missing there, too, and the
last one costs as much as all of them. What many headers include is precompiled, for these alone.
With --clang these files, hundreds of them, are read by Clang in this process, if it is installed, and
COMPILER has one file with all headers; otherwise COMPILER has each of these files.

Files ending in -inl.hpp are parts of the header that includes them once per instruction set.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from libclang import Clang

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
WITHOUT_EXCEPTIONS = ["-fno-exceptions", "-fno-rtti"]
THROWS = re.compile(r"^#include <protozero/", re.MULTILINE)  # what reads with it, too
# Those that differ where they have the definitions.
DEFINITIONS, OPENING = "PPLCNET_HAS_DEFINITIONS", "PPLCNET_HAS_OPEN_DEFINITIONS"
QUANTISING = "PPLCNET_HAS_QUANTISED_DEFINITIONS"
TRAINING = "PPLCNET_HAS_TRAINING_DEFINITIONS"
MPI = "pplcnet/train/mpi.hpp"  # checked where there is one
ROOTS = re.compile(r"^pplcnet/(network|pplcnet)\.hpp$")
# What many include, first that which takes most time; to precompile it costs a second.
TRUNKS = ("pplcnet/weights/import/file_graph.hpp", "pplcnet/network.hpp",
          "pplcnet/weights/tensor.hpp", "pplcnet/weights/error.hpp", "pplcnet/graph/graph.hpp",
          "algorithm")
FEWEST = 4  # files for which that is worth it


def included_by(text, condition):
    """What a header includes in no #if but its guard and those of a condition that holds."""
    conditions = []
    for line in text.splitlines():
        if line.startswith("#if"):
            conditions.append(line)
        elif line.startswith("#endif"):
            conditions.pop()
        include = re.match(r'#include (?:"([^"]+)"|<(\w+)>)', line)
        if include and all(one == f"#if {condition}" for one in conditions[1:]):
            yield include[1] or include[2]


def closures(texts, condition):
    """By header, all of ours and of the standard library's that it includes where the condition
    holds."""
    direct = {header: set(included_by(text, condition)) for header, text in texts.items()}
    result = {}

    def closure(header):
        if header not in result:
            result[header] = set()  # a cycle ends here
            includes = direct.get(header, set())
            result[header] = includes.union(*map(closure, includes))
        return result[header]

    for header in texts:
        closure(header)
    return result


def chains(headers, included):
    """Headers in as few lists as a simple search finds, each header after such as it includes."""
    left = sorted(headers, key=lambda header: (len(included[header]), header))
    while left:
        chain = [left.pop()]
        for header in reversed(left):
            if header in included[chain[0]]:
                chain.insert(0, header)
        left = [header for header in left if header not in chain]
        yield chain


def trees(headers, included):
    """By trunk, the chain that ends with it and those after it; the rest after none."""
    left = set(headers)
    for trunk in TRUNKS:
        group = {header for header in left if trunk in included[header]}
        after = list(chains(group, included))
        if len(after) >= FEWEST:
            ours = {header for header in included[trunk] if header.endswith(".hpp")}
            chain = next(chains(ours | {trunk}, included))
            yield chain, after
            left -= group.union(chain)
    yield [], list(chains(left, included))


def text_of(chain):
    """A file that includes each header of a chain, and each once more."""
    return "".join(f"#include <{header}>\n" for header in chain * 2)


class Compiler:
    """Compiles files by a command each."""

    def __init__(self, command):
        self.command = command

    def compiles(self, chain, directory, trunk=None):
        """Whether a chain does, after a trunk that was precompiled."""
        after = ["-Winvalid-pch", "-include", directory / "trunk.hpp"] if trunk else []
        return self._run(chain, directory / "chain.cpp", ["-fsyntax-only", *after])

    def precompiles(self, trunk, directory):
        file = directory / "trunk.hpp"
        return self._run(trunk, file, ["-x", "c++-header", "-o", f"{file}.gch"])

    def _run(self, chain, file, flags):
        file.write_text(text_of(chain))
        done = subprocess.run([*self.command, *flags, file])
        if done.returncode != 0:
            print(f"in a file that includes {', '.join(chain)}, with {' '.join(self.command)}")
        return done.returncode == 0


class ClangHere(Compiler):
    """Has Clang read files in this process."""

    def __init__(self, clang, flags):
        super().__init__(["clang++", *flags])
        self.clang, self.flags = clang, flags

    def compiles(self, chain, directory, trunk=None):
        after = ["-include-pch", f"{directory}/trunk.pch"] if trunk else []
        return self._read(chain, [*self.flags, *after])

    def precompiles(self, trunk, directory):
        return self._read(trunk, self.flags, directory / "trunk.pch")

    def _read(self, chain, flags, precompiled=None):
        complaints = self.clang.complaints(text_of(chain), flags, precompiled)
        if complaints:
            print("\n".join(complaints))
            print(f"in a file that includes {', '.join(chain)}, with {' '.join(self.command)}")
        return not complaints


def check(headers, included, compiler):
    """By file, whether it compiles."""
    for trunk, after in trees(headers, included):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            if trunk:
                yield compiler.precompiles(trunk, directory)
            for chain in after:
                yield compiler.compiles(chain, directory, trunk)


def main():
    asked = sys.argv[1] == "--clang"
    command, clang = [*sys.argv[1 + asked :], f"-I{INCLUDE}"], Clang.find() if asked else None
    texts = {path.relative_to(INCLUDE).as_posix(): path.read_text()
             for path in INCLUDE.rglob("*.hpp") if not path.name.endswith("-inl.hpp")}
    if not any(re.search("-isystem.*mpi", argument) for argument in command):
        del texts[MPI]
    included = closures(texts, None)
    throwing = {header for header in texts
                if any(THROWS.search(texts[one].partition("#if PPLCNET_HAS_")[0])
                       for one in included[header] & texts.keys() | {header})}
    defining = {header for header, text in texts.items()
                if DEFINITIONS in text or ROOTS.match(header)}
    opening = {header for header, text in texts.items()  # but for those of one file, open.cpp
               if OPENING in text and not header.startswith("pplcnet/open/")}
    quantising = {header for header, text in texts.items() if QUANTISING in text}
    training = {header for header, text in texts.items() if TRAINING in text}
    compiled = "-DPPLCNET_COMPILED"
    files = []
    for headers, condition, flags in (
            (texts.keys() - throwing, None, [compiled, *WITHOUT_EXCEPTIONS]),
            (throwing | opening, OPENING, [compiled, "-DPPLCNET_OPEN_IMPLEMENTATION"]),
            (quantising, QUANTISING, ["-DPPLCNET_QUANTISED_IMPLEMENTATION", *WITHOUT_EXCEPTIONS]),
            (training, TRAINING, ["-DPPLCNET_TRAINING_IMPLEMENTATION", *WITHOUT_EXCEPTIONS]),
            (defining, DEFINITIONS, WITHOUT_EXCEPTIONS)):
        compiler = Compiler([*command, *flags])
        if clang:
            if not files:
                with tempfile.TemporaryDirectory() as name:
                    files.append(compiler.compiles(sorted(headers), pathlib.Path(name)))
            options = (flag for flag in command[1:] if not flag.startswith("--param"))  # g++'s
            compiler = ClangHere(clang, [*options, *flags])
        files += check(headers, closures(texts, condition), compiler)
    failed = files.count(False)
    print(f"{len(texts)} headers in {len(files)} files, of which {failed} do not compile")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
