#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes uage.def: code points that came behind Unicode 8, for tokenizer/uage.c.

	pip install --no-deps --target u16 unicodedata2==16.0.0
	python3 lib/tokenizer/uage.py u16 >lib/tokenizer/uage.def

Ages are perl's (a Unicode of 9 or later).  Those of no consequence (no mark,
punctuation or control, and the same in all normal forms) are left out, or in
where that makes one run of two.
"""
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import unicodedata2 as u

AGES = r"""for my $c (0 .. 0x10ffff) {
    my $s = $c >= 0xd800 && $c < 0xe000 ? "a" : chr $c;
    print $s =~ /\p{Present_In: 8.0}/ ? 0 : $s =~ /\p{Present_In: 9.0}/ ? 9 : 10;
    print "\n" }"""


def matters(c, composed):
    s = chr(c)
    return (u.category(s)[0] in "PM" or u.category(s) in ("Cf", "Cc", "Co")
            or u.combining(s) or u.decomposition(s) or c in composed)


def main():
    ages = [int(x) for x in subprocess.run(
        ["perl", "-e", AGES], check=True, capture_output=True).stdout.split()]
    composed = set()
    for c in range(0x110000):
        parts = u.decomposition(chr(c))
        if parts and parts[0] != "<":
            composed.update(int(x, 16) for x in parts.split())
    runs = []
    for c in range(0x110000):
        if not ages[c] or not matters(c, composed):
            continue
        last = runs[-1] if runs else (0, 0, 0)
        if last[2] == ages[c] and all(
                ages[k] == ages[c] for k in range(last[0] + last[1], c)):
            runs[-1] = (last[0], c + 1 - last[0], last[2])
        else:
            runs.append((c, 1, ages[c]))
    print("/* SPDX-License-Identifier: MIT AND Unicode-3.0 */")
    print("/* Made by uage.py. */")
    line = ""
    for first, n, age in runs:
        item = f"{{{first:#x},{n},{age}}},"
        if len(line) + len(item) > 80:
            print(line)
            line = ""
        line += item
    print(line)


main()
