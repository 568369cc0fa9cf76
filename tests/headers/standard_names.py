#!/usr/bin/env python3
"""Checks that a header includes the standard header of each name std::… in it and of each macro,
itself or through others of ours, under no condition but those that the name is under. What one
standard library's headers include of each other does not count: another's do not.
"""

import pathlib
import re
import sys

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
# By header, what it has; a name that several have is in the line of each.
NAMES = {header: set(names.split()) for header, names in {
    "algorithm": """adjacent_find all_of any_of binary_search clamp copy copy_if copy_n count
        count_if equal fill fill_n find find_if is_sorted iter_swap lower_bound max max_element min
        min_element minmax mismatch none_of partial_sort remove rotate sort stable_partition
        stable_sort transform upper_bound""",
    "array": "array begin end size",
    "atomic": """atomic memory_order_acq_rel memory_order_acquire memory_order_relaxed
        memory_order_release""",
    "bit": "bit_cast bit_ceil bit_floor bit_width countl_zero endian has_single_bit",
    "cassert": "assert",
    "cerrno": "EEXIST errno",
    "charconv": "chars_format from_chars from_chars_result to_chars",
    "cmath": """abs acos atan2 ceil cos erf exp floor fma frexp isfinite isnan ldexp log log10
        lround nearbyint nextafter round sin sqrt trunc""",
    "concepts": "floating_point integral same_as unsigned_integral",
    "cstddef": "byte ptrdiff_t size_t to_integer",
    "cstdint": """INT16_MAX int16_t int32_t int64_t int8_t uint16_t uint32_t uint64_t uint8_t
        uintmax_t uintptr_t""",
    "cstdio": "EOF FILE fclose ferror fgetc fopen fread fwrite puts rename size_t",
    "cstdlib": "abort abs size_t",
    "cstring": "memcpy memset size_t",
    "deque": "begin deque end erase_if size",
    "exception": "exception terminate",
    "filesystem": "filesystem",
    "functional": "multiplies plus",
    "initializer_list": "initializer_list",
    "iterator": "back_inserter begin distance end size ssize",
    "limits": "numeric_limits",
    "locale": "locale",
    "map": "begin end erase_if map multimap size",
    "memory": """addressof destroy_at make_shared make_unique make_unique_for_overwrite shared_ptr
        unique_ptr""",
    "new": "align_val_t bad_alloc nothrow nothrow_t",
    "numbers": "numbers",
    "numeric": "accumulate iota",
    "optional": "nullopt optional",
    "set": "begin end erase_if multiset set size",
    "span": "as_bytes as_writable_bytes begin end size span",
    "sstream": "istringstream",
    "string": "basic_string begin end erase erase_if size string to_string",
    "string_view": "basic_string_view begin end size string_view string_view_literals",
    "system_error": "errc error_code generic_category",
    "thread": "this_thread thread",
    "type_traits": """conditional_t integral_constant is_class_v is_constant_evaluated is_integral_v
        remove_cvref_t remove_reference_t""",
    "unordered_map": "begin end erase_if size unordered_map",
    "utility": """as_const cmp_not_equal declval exchange index_sequence integer_sequence
        make_index_sequence make_integer_sequence move pair swap""",
    "variant": "get_if holds_alternative variant",
    "vector": "begin end erase erase_if size vector",
}.items()}
NAME = re.compile(r"\bstd::(?:ranges::)?(\w+)"
                  r"|\b(U?INT\w*_M(?:AX|IN)|E(?:OF|EXIST)|errno|assert|(?:mem|str)\w*cmp)\b")
COMMENT = re.compile(r"//.*")


class Header:
    """What a header includes and which names it has, each under its conditions. Its parts, files
    ending in -inl.hpp, are read where it includes them."""

    def __init__(self, path):
        self.includes, self.names = [], []
        self._read(path, [])

    def _read(self, path, conditions):
        for line in (INCLUDE / path).read_text().splitlines():
            directive = re.match(r"#\s*(if\w*|elif|else|endif|include)\b\s*(.*)", line)
            word, rest = directive.groups() if directive else ("", COMMENT.sub("", line))
            under = frozenset(conditions[1:])  # the first one is the guard
            if word.startswith("if"):
                conditions.append(rest)
            elif word == "endif":
                conditions.pop()
            elif word in ("elif", "else"):
                conditions.append(negated(conditions.pop()) + rest)
            elif word == "include" and "-inl.hpp" in rest:
                self._read(rest.split('"')[1], conditions)
            elif word == "include":
                self.includes.append((re.split(r'["<>]', rest)[1], under))
            else:
                self.names += ((one[1] or one[2], under) for one in NAME.finditer(rest))


def negated(condition):
    return condition[1:] if re.fullmatch(r"!defined\(\w+\)", condition) else f"!{condition}"


def included(name, headers, conditions):
    """All that a header includes where the conditions hold."""
    result, left = set(), [name]
    while left:
        name = left.pop()
        if name not in result:
            result.add(name)
            if name in headers:
                left += (one for one, under in headers[name].includes if under <= conditions)
    return result


def complaints(path, headers):
    """A line for each name without a header of it, or that the table here lacks."""
    for name, conditions in sorted(set(headers[path].names), key=str):
        known = {header for header, names in NAMES.items() if name in names}
        if not known:
            yield f"{path}: {name} is not in the table of tests/headers/standard_names.py"
        elif not known & included(path, headers, conditions):
            where = f" under {' and '.join(sorted(conditions))}" if conditions else ""
            yield f"{path}: {name}{where} needs <{'> or <'.join(sorted(known))}>"


def main():
    paths = (path.relative_to(INCLUDE).as_posix() for path in sorted(INCLUDE.rglob("*.hpp")))
    headers = {path: Header(path) for path in paths if not path.endswith("-inl.hpp")}
    found = [line for path in headers for line in complaints(path, headers)]
    print("\n".join(found))
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
