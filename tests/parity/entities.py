#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes lib/extract/entity_table.c, the names of HTML's character references.

usage: entities.py >lib/extract/entity_table.c

The names are those of Python's html.entities.html5, which are the HTML
Standard's (13.5).  Each entry is the name, a mark (\\1: it may stand without its
semicolon, \\2: it may not), its text in UTF-8, and a NUL; sorted by bytes.
"""
from html.entities import html5

WIDTH = 96


def escaped(text):
    out = ""
    for c in text:
        n = ord(c)
        out += (f"\\U{n:08x}" if n > 0xffff else f"\\u{n:04x}" if n >= 0xa0
                else f"\\{n:03o}")
    return out


def main():
    names = sorted({name.rstrip(";") for name in html5}, key=str.encode)
    print("/* SPDX-License-Identifier: MIT */")
    print("/* Written by tests/parity/entities.py; see there. */")
    print("/* clang-format off */")
    print('#include "extract/entity.h"\n')
    print(f"const size_t entity_names = {len(names)};")
    print("const char entity_table[] =")
    line = ""
    for name in names:
        entry = (name + ("\\1" if name in html5 else "\\2") +
                 escaped(html5[name + ";"]) + "\\0")
        if len(line) + len(entry) > WIDTH:
            print(f'\tu8"{line}"')
            line = ""
        line += entry
    print(f'\tu8"{line}";')


if __name__ == "__main__":
    main()
