#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes uclass.def: runs of code points of one class, each with the version of
Unicode that has it first, for tokenizer/uclass.c.

	pip install --no-deps --target u15 unicodedata2==15.0.0
	pip install --no-deps --target u16 unicodedata2==16.0.0
	python3.11 lib/tokenizer/uclass.py u15 u16 >lib/tokenizer/uclass.def

CPython 3.11 has the tables of 14.0 itself.  --check compares the runs in a
uclass.def with every code point's class in all three instead.
"""
import re
import subprocess
import sys
import unicodedata

LAST = 0x110000
CLASS = {"Lu": "U", "Lt": "U", "Ll": "L", "Lm": "C", "Lo": "C", "Mn": "M",
         "Mc": "M", "Me": "M", "Nd": "N", "Nl": "N", "No": "N"}
PRINT = ("import sys; sys.path.insert(0, sys.argv[1]); import unicodedata2 as u;"
         "print(u.unidata_version, *(u.category(chr(c)) for c in "
         "range(0x110000)))")


def version(categories, want, name):
    if name != want:
        sys.exit(f"Unicode {want} is needed, not {name}")
    return [CLASS.get(c, c[0] if c[0] in "PS" else "") for c in categories]


def installed(folder, want):
    out = subprocess.run([sys.executable, "-c", PRINT, folder], check=True,
                         capture_output=True, text=True).stdout.split()
    return version(out[1:], want, out[0])


def versions(folders):
    own = [unicodedata.category(chr(c)) for c in range(LAST)]
    return {14: version(own, "14.0.0", unicodedata.unidata_version),
            15: installed(folders[0], "15.0.0"),
            16: installed(folders[1], "16.0.0")}


def since(tables, c):
    """The first version with c's class; none has ever changed."""
    last = tables[16][c]
    for v in (14, 15, 16):
        if tables[v][c] == last:
            return v
        if tables[v][c]:
            sys.exit(f"U+{c:04X} was of another class in Unicode {v}")


def pair(tables, c):
    """Do a capital and its small letter stand at c?"""
    return c + 1 < LAST and tables[16][c] + tables[16][c + 1] == "UL" and \
        since(tables, c) == since(tables, c + 1)


def runs(tables):
    c = 0
    while c < LAST:
        first, kind, v = c, tables[16][c], since(tables, c)
        if kind == "U" and pair(tables, c):
            kind = "A"
            while pair(tables, c) and since(tables, c) == v:
                c += 2
        else:
            while c < LAST and tables[16][c] == kind and \
                    since(tables, c) == v and not (
                        kind == "U" and pair(tables, c)):
                c += 1
        if kind:
            yield first, c - first, kind, v


def write(tables):
    print("/* SPDX-License-Identifier: MIT AND Unicode-3.0 */")
    print("/* Made by uclass.py. */")
    line = ""
    for first, n, kind, v in runs(tables):
        item = f"{{{first:#x},{n},{kind},{v}}},"
        if len(line) + len(item) > 80:
            print(line)
            line = ""
        line += item
    print(line)


def check(tables, path):
    got = {v: [""] * LAST for v in tables}
    for m in re.finditer(r"\{(\w+),(\d+),(\w),(\d+)\}", open(path).read()):
        first, n, kind, v = int(m[1], 16), int(m[2]), m[3], int(m[4])
        for c in range(first, first + n):
            for w in range(v, 17):
                got[w][c] = kind if kind != "A" else "UL"[(c - first) % 2]
    bad = sum(got[v][c] != tables[v][c] for v in tables for c in range(LAST))
    print(f"{bad} of {3 * LAST} classes differ")
    sys.exit(bad > 0)


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(versions(sys.argv[3:]), sys.argv[2])
    write(versions(sys.argv[1:]))
