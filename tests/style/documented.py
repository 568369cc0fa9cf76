#!/usr/bin/env python3
"""Fails if a class of the library has no comment for the API reference: documented.py DOXYGEN

It also counts members without one of their own, whose name, type or neighbours may say enough.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

OTHERWISE = "EXTRACT_ALL=NO\nGENERATE_HTML=NO\nWARN_AS_ERROR=NO\nOUTPUT_DIRECTORY="


def main():
    settings = pathlib.Path("include/pplcnet/Doxyfile").read_text()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.argv[1], "-"], input=settings + OTHERWISE + folder, text=True,
                              check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = re.findall(r"(\S+): warning: (Compound|Member) (.*) is not documented", done.stderr)
    classes = [f"{place}: {name}" for place, kind, name in found if kind == "Compound"]
    print(f"{len(found) - len(classes)} members without a comment")
    if classes:
        print("Classes without a comment:", *classes, sep="\n")
    return 1 if classes else 0


sys.exit(main())
