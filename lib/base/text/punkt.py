#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes punkt.def: the parameters of NLTK's punkt model for English, and which
characters are upper or lower case to Python, for base/text/punkt.c.  Facts only.

	pip download --no-deps llama-index-core==0.14.25
	unzip llama_index_core-*.whl '*/punkt_tab/english/*'
	python3 lib/base/text/punkt.py .../punkt_tab/english >lib/base/text/punkt.def

under CPython 3.11 (Unicode 14.0).
"""
import sys


def quote(s):
    s = s.replace("\\", "\\\\").replace("\t", "\\t")
    return '"' + s.replace('"', '\\"').replace("?", "\\?") + '"'


def lines(folder, name):
    with open(f"{folder}/{name}", encoding="ascii") as f:
        return [x.rstrip("\n") for x in f]


def strings(name, values):
    values = sorted(set(values))
    print(f"static const struct str {name}[] = {{")
    for v in values:
        print(f"\t{{ {quote(v)}, {len(v)} }},")
    print("};")


def blob(name, values):
    """Sorted records: word, '0' + flags / 2, space."""
    print(f"static const char {name}[] =")
    line = ""
    for word, flags in sorted(values):
        r = word + chr(ord("0") + flags // 2) + " "
        if len(line) + len(r) > 68:
            print("\t" + quote(line))
            line = ""
        line += r
    print("\t" + quote(line) + ";")


def runs(name, test):
    """Code points beyond ASCII: first, last, step."""
    out = []
    for cp in range(0x80, 0x110000):
        if 0xD800 <= cp < 0xE000 or not test(chr(cp)):
            continue
        if out and out[-1][2] == 0 and cp - out[-1][1] <= 2:
            out[-1] = [out[-1][0], cp, cp - out[-1][1]]
        elif out and out[-1][2] and cp - out[-1][1] == out[-1][2]:
            out[-1][1] = cp
        else:
            out.append([cp, cp, 0])
    print(f"static const struct case_run {name}[] = {{")
    for a, b, step in out:
        print(f"\t{{ {a:#x}, {b:#x}, {step or 1} }},")
    print("};")


def main(folder):
    print("/* SPDX-License-Identifier: MIT */")
    print("/* Made by punkt.py from NLTK's punkt model for English (facts;")
    print(" * THIRD_PARTY has its licence).  Don't edit. */")
    strings("abbreviations", lines(folder, "abbrev_types.txt"))
    strings("starters", lines(folder, "sent_starters.txt"))
    strings("collocations", lines(folder, "collocations.tab"))
    context = [x.split("\t") for x in lines(folder, "ortho_context.tab")]
    blob("contexts", [(w, int(n)) for w, n in context])
    runs("upper_runs", str.isupper)
    runs("lower_runs", str.islower)


main(*sys.argv[1:])
