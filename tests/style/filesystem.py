#!/usr/bin/env python3
"""Names calls of std::filesystem that throw: those that take no std::error_code. A folder that goes
away meanwhile must not end a program."""

import pathlib
import re
import sys

THROWING = re.compile(
    r"(?:\bfs::|\bfilesystem::|->|\.)"
    r"(absolute|canonical|weakly_canonical|relative|proximate|copy|copy_file|create_director(?:y|ies)"
    r"|create_symlink|current_path|equivalent|exists|file_size|hard_link_count|is_[a-z_]+"
    r"|last_write_time|permissions|read_symlink|remove|remove_all|rename|resize_file|space|status"
    r"|symlink_status|temp_directory_path|(?:recursive_)?directory_iterator(?: \w+)?|increment)\(")
CODES = {"problem", "ignored", "none", "unknown"}
# Members of other things than paths, and questions to a status that is known already.
KNOWN = re.compile(r"\b(?:fs|filesystem)::(exists|is_[a-z_]+)\((status|old)$")


def arguments_of(text, begin):
    depth = 1
    for end in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[begin:end]
    return text[begin:]


def check(path):
    text = re.sub(r"//[^\n]*", lambda comment: " " * len(comment.group()), path.read_text())
    if "<filesystem>" not in text:
        return []
    found = []
    for match in THROWING.finditer(text):
        arguments = arguments_of(text, match.end())
        last = arguments.rsplit(",", 1)[-1].strip()
        of_entry = match.group().startswith(("->", "."))
        if of_entry and not re.search(r"\b(entry|iterator)$", text[:match.start()]):
            continue
        if last in CODES or KNOWN.search(text[match.start():match.end()] + arguments):
            continue
        line = text.count("\n", 0, match.start()) + 1
        found.append(f"{path}:{line}: {match.group()}{arguments}) can throw: give it an error_code")
    for match in re.finditer(r"for \([^;)]*: [^;)]*directory_iterator", text):
        line = text.count("\n", 0, match.start()) + 1
        found.append(f"{path}:{line}: such a loop can throw: use increment(error_code)")
    return found


def main():
    complaints = [line for folder in ("include", "examples")
                  for path in sorted(pathlib.Path(folder).rglob("*.[ch]pp")) for line in check(path)]
    print("\n".join(complaints))
    return 1 if complaints else 0


sys.exit(main())
