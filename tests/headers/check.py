#!/usr/bin/env python3
"""Checks that every header can be included alone, and first, and twice; by programs without
exceptions and RTTI, too.

    check.py COMPILER [FLAG]...

One file for each would compile most headers again and again. A file has a chain of them instead,
each after only such as it includes itself: whatever a header lacks is missing there, too, and the
last one costs as much as all of them.

Files ending in -inl.hpp are parts of the header that includes them once per instruction set.
"""

import pathlib
import re
import subprocess
import sys

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
WITHOUT_EXCEPTIONS = ["-fno-exceptions", "-fno-rtti"]
THROWS = re.compile(r"^#include <protozero/", re.MULTILINE)  # what reads with it, too
# Those that differ where they have the definitions.
DEFINITIONS, OPENING = "PPLCNET_HAS_DEFINITIONS", "PPLCNET_HAS_OPEN_DEFINITIONS"
ROOTS = re.compile(r"^pplcnet/(network|pplcnet)\.hpp$")


def included_by(text, condition):
    """What a header includes in no #if but its guard and those of a condition that holds."""
    conditions = []
    for line in text.splitlines():
        if line.startswith("#if"):
            conditions.append(line)
        elif line.startswith("#endif"):
            conditions.pop()
        include = re.match(r'#include "([^"]+)"', line)
        if include and all(one == f"#if {condition}" for one in conditions[1:]):
            yield include[1]


def closures(texts, condition):
    """By header, all of ours that it includes where the condition holds."""
    direct = {header: set(included_by(text, condition)) & texts.keys()
              for header, text in texts.items()}
    result = {}

    def closure(header):
        if header not in result:
            result[header] = set()  # a cycle ends here
            result[header] = direct[header].union(*map(closure, direct[header]))
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


def main():
    compile_file = [*sys.argv[1:], "-fsyntax-only", f"-I{INCLUDE}", "-x", "c++", "-"]
    texts = {path.relative_to(INCLUDE).as_posix(): path.read_text()
             for path in INCLUDE.rglob("*.hpp") if not path.name.endswith("-inl.hpp")}
    included = closures(texts, None)
    throwing = {header for header in texts
                if any(THROWS.search(texts[one].partition("#if PPLCNET_HAS_")[0])
                       for one in included[header] | {header})}
    defining = {header for header, text in texts.items()
                if DEFINITIONS in text or ROOTS.match(header)}
    opening = {header for header, text in texts.items()  # but for those of one file, open.cpp
               if OPENING in text and not header.startswith("pplcnet/open/")}
    failed = files = 0
    compiled = "-DPPLCNET_COMPILED"
    for headers, condition, flags in (
            (texts.keys() - throwing, None, [compiled, *WITHOUT_EXCEPTIONS]),
            (throwing | opening, OPENING, [compiled, "-DPPLCNET_OPEN_IMPLEMENTATION"]),
            (defining, DEFINITIONS, WITHOUT_EXCEPTIONS)):
        for chain in chains(headers, closures(texts, condition)):
            lines = [f"#include <{header}>\n" for header in chain]
            done = subprocess.run([*compile_file, *flags], input="".join(lines + lines), text=True)
            files += 1
            if done.returncode != 0:
                print(f"in a file that includes {', '.join(chain)}, with {' '.join(flags)}")
                failed += 1
    print(f"{len(texts)} headers in {files} files, of which {failed} do not compile")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
