#!/usr/bin/env python3
"""Writes single_include/pplcnet/pplcnet.hpp: include/pplcnet/pplcnet.hpp with every header of ours
pasted in place of its #include; and, for each header of TASKS, one of that name, which includes the
first and has what is not in it.

    amalgamate.py            write the files
    amalgamate.py --check    say whether the files are what would be written

A header is pasted where it is first included; one that was pasted under #if PPLCNET_HAS_DEFINITIONS
(or those of QUANTISED_DEFINITIONS or TRAINING_DEFINITIONS) is pasted again where it is first
included outside, for files that do not have the definitions. A file named -inl.hpp is pasted
wherever it is included, because it is compiled once per instruction set. System headers stay where
they are: Highway's must be seen again for each instruction set, and for all others twice is as good
as once.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "single_include"
WHOLE = "pplcnet/pplcnet.hpp"
TASKS = ["pplcnet/detector.hpp", "pplcnet/segmenter.hpp", "pplcnet/text_reader.hpp",
         "pplcnet/quantised.hpp", "pplcnet/training.hpp"]
TOP = """\
// pplcnet {version}: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.
"""

OUR_INCLUDE = re.compile(r'\s*#\s*include\s+["<](pplcnet/[^">]+)[">]')
CONDITION = re.compile(r"\s*#\s*(if|endif)")  # also #ifdef and #ifndef
DEFINITIONS = re.compile(r"#if (PPLCNET_HAS_(?:QUANTISED_|TRAINING_)?DEFINITIONS)$")
GUARD = re.compile(r"\s*#\s*ifndef\s+PPLCNET_\w+_HPP\b")


def paste(name, pasted, definitions=""):
    """Yields the lines of a header, with the headers that it includes in their places. `pasted` has
    the headers that are there already, by the definitions that a file has to have for them, "" if
    all files have them.
    """
    yield f"// from {name}"
    conditions = []  # for each #if around, those definitions, "" for others; the include guard is none
    for number, line in enumerate((ROOT / "include" / name).read_text().splitlines(), 1):
        condition = CONDITION.match(line)
        if condition and condition[1] == "if" and not GUARD.match(line):
            found = DEFINITIONS.match(line)
            conditions.append(found[1] if found else "")
        elif condition and condition[1] == "endif" and conditions:
            conditions.pop()
        included = OUR_INCLUDE.match(line)
        if not included:
            yield line
        elif included[1].endswith("-inl.hpp"):
            yield from paste(included[1], pasted, definitions)
        else:
            inside = definitions or next(filter(None, conditions), "")
            if included[1] in pasted[""] | pasted[inside]:
                continue
            if not all(conditions):
                sys.exit(f"include/{name}:{number}: {included[1]} is included here for the first "
                         "time, under an #if: include it once before, outside of any #if.")
            pasted[inside].add(included[1])
            yield from paste(included[1], pasted, inside)


def single_headers():
    """The text of each file, by name."""
    numbers = re.findall(r"#define PPLCNET_VERSION_[A-Z]+ (\d+)",
                         (ROOT / "include/pplcnet/version.hpp").read_text())
    top = TOP.format(version=".".join(numbers))

    def file(*lines):
        return "\n".join([top, *lines, ""])

    pasted = collections.defaultdict(set, {"": {WHOLE}})
    files = {WHOLE: file(*paste(WHOLE, pasted))}
    for task in TASKS:
        there = collections.defaultdict(set, {inside: headers | {task}
                                              for inside, headers in pasted.items()})
        files[task] = file(f'#include "{WHOLE}"', "", *paste(task, there))
    return files


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    for name, text in single_headers().items():
        path = OUTPUT / name
        if not sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.relative_to(ROOT)} is not what the headers in include/ give: "
                     "run single_include/amalgamate.py.")


if __name__ == "__main__":
    main()
