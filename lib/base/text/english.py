#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes english.def: facts about spaCy's tokenizer for English and datatrove's
sets of marks, for base/text/tokens.c.  Facts only: what its expressions accept,
character by character, and into what its exceptions part; no code.

	python3 -m venv v && v/bin/pip install spacy==3.8.18 datatrove==0.10.1
	v/bin/python lib/base/text/english.py >lib/base/text/english.def

under CPython 3.11, whose Unicode version (14.0) the classes of characters are.
"""
import sys
import unicodedata

import spacy
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION
from spacy.lang.char_classes import (ALPHA, ALPHA_LOWER, ALPHA_UPPER,
    CONCAT_QUOTES, LIST_CURRENCY, LIST_HYPHENS, LIST_ICONS, LIST_UNITS)
from spacy.pipeline import Sentencizer
from spacy.tokenizer import Tokenizer
import re

PAGE = 128
SHARED = ["english_masks", "english_first", "english_second",
    "english_starting"]
nlp = spacy.blank("en")
tok = nlp.tokenizer


def cls(chars):
    return re.compile(f"[{chars}]").fullmatch


lower, upper, alpha = cls(ALPHA_LOWER), cls(ALPHA_UPPER), cls(ALPHA)
quote, icon = cls(CONCAT_QUOTES), re.compile(LIST_ICONS[0]).fullmatch
word, digit = re.compile(r"\w").fullmatch, re.compile(r"\d").fullmatch
sentence = set(Sentencizer.default_punct_chars)
currency = {c.replace("\\", "") for c in LIST_CURRENCY}


def length(found):
    return found.end() - found.start() if found else 0


# In the order of the bits in tokens.c and words.h.
BITS = [
    lambda c: length(tok.prefix_search(c)) == 1,
    lambda c: length(tok.suffix_search(c)) == 1,
    lambda c: tok.suffix_search(c + ".") is not None,
    alpha, lower, upper, quote, icon,
    lambda c: c in currency,
    word, digit,
    lambda c: unicodedata.category(c)[0] == "P",
    str.isalpha,
    lambda c: c in PUNCTUATION_SET,
    lambda c: c in TERMINAL_PUNCTUATION,
    lambda c: c in sentence,
]


def mask(cp):
    if 0xD800 <= cp < 0xE000:
        return 0
    c = chr(cp)
    return sum(1 << i for i, f in enumerate(BITS) if f(c))


def array(name, kind, values):
    static = "" if name in SHARED else "static "
    print(f"{static}const {kind} {name}[{len(values)}] = {{")
    line = "\t"
    for v in values:
        if len(line) + len(str(v)) > 77:
            print(line)
            line = "\t"
        line += f"{v},"
    print(line + "\n};")


def pages():
    masks, ids, first, second, seen = [], {}, [], [], {}
    for at in range(0, 0x110000, PAGE):
        page = []
        for cp in range(at, at + PAGE):
            m = mask(cp)
            if m not in ids:
                ids[m] = len(masks)
                masks.append(m)
            page.append(ids[m])
        page = tuple(page)
        if page not in seen:
            seen[page] = len(seen)
            second.extend(page)
        first.append(seen[page])
    assert len(masks) < 256 and len(seen) < 256
    array("english_masks", "uint16_t", masks)
    array("english_first", "uint8_t", first)
    array("english_second", "uint8_t", second)


def c_string(s):
    out = '"'
    for b in s.encode():
        if chr(b) in '"\\?':
            out += "\\" + chr(b)
        elif 32 <= b < 127:
            out += chr(b)
        else:
            out += f"\\{b:03o}"
    return out + '"'


def hash_of(s):
    """Of the first four bytes, the last four and how many there are."""
    b = s.encode()
    first, last = (int.from_bytes(x, "little") for x in (b[:4], b[-4:]))
    h = (first ^ last * 0x9E3779B1 + len(b)) * 0x85EBCA6B & 0xFFFFFFFF
    return h ^ h >> 15


def cuts(parts):
    return [len(p.encode()) for p in parts]


def exceptions():
    plain = Tokenizer(nlp.vocab, None, tok.prefix_search, tok.suffix_search,
        tok.infix_finditer, None, tok.url_match)
    rows, all_cuts = [], []

    def place(c):
        if len(c) == 1:
            return 0
        key = c + [0]
        for i in range(len(all_cuts) - len(key) + 1):
            if all_cuts[i:i + len(key)] == key:
                return i + 1
        all_cuts.extend(key)
        return len(all_cuts) - len(key) + 1

    for key in sorted(tok.rules):
        if key.isspace():
            continue
        orths = [list(t.values())[0] for t in tok.rules[key]]
        special = cuts([t[65] for t in tok.rules[key]])
        split = []
        if tok.find_prefix(key) or tok.find_infix(key) or tok.find_suffix(key):
            split = cuts([t.text for t in plain(key)])
        assert orths and sum(special) == len(key.encode())
        rows.append((key, special, split))
    print("/* Exceptions: text, its parts and, if affixes part it, their\n"
          " * places in english_cuts, 0: one part; -1: none. */")
    print("#define ENGLISH_EXCEPTIONS \\")
    line = "\t"
    for key, special, split in rows:
        s = (f"X({c_string(key)}, {place(special)}, "
             f"{place(split) if split else -1}) ")
        if len(line) + len(s) > 76:
            print(line + "\\")
            line = "\t"
        line += s
    print(line)
    array("english_cuts", "uint8_t", all_cuts)
    # The upper half of a slot is that of the hash.
    slots = [0] * 4096
    for i, (key, _, _) in enumerate(rows):
        h = hash_of(key) & 4095
        while slots[h]:
            h = h + 1 & 4095
        slots[h] = hash_of(key) >> 16 << 16 | i + 1
    array("slots", "uint32_t", slots)
    # Of which first byte and length there are any; for a quick no.
    lens = [0] * 256
    first, later, single = [0] * 256, [0] * 256, [0] * 256
    behind = [0] * 256
    for key, special, split in rows:
        b = key.encode()
        lens[b[0]] |= 1 << min(len(b), 31)
        if len(split) > 1:
            first[b[0]] = 1
            at = 0
            for n in split[:-1]:
                at += n
                later[b[at]] = 1
                if chr(b[at - n]).isalpha() and b[at - n] < 128:
                    behind[b[at]] = 1
        elif split and special != split:
            single[b[0]] = 1
    array("lengths", "uint32_t", lens)
    array("english_starting", "uint8_t",
        [f | l << 1 | s << 2 | a << 3
            for f, l, s, a in zip(first, later, single, behind)])
    print(f"enum {{ LONGEST = {max(len(k.encode()) for k, _, _ in rows)} }};")


def units():
    u = sorted({x for x in LIST_UNITS if x}, key=lambda x: (-len(x.encode()), x))
    wide = sorted(currency)
    print("static const struct str units[] = {")
    for x in u:
        print(f"\tTEXT({c_string(x)}),")
    print("};")
    print("static const struct str currencies[] = {")
    for x in wide:
        print(f"\tTEXT({c_string(x)}),")
    print("};")


def check():
    """What tokens.c has as code."""
    assert sorted(LIST_HYPHENS) == sorted("- – — -- --- —— ~".split())
    assert LIST_HYPHENS[3:] == ["--", "---", "——", "~"]
    for c in "+=%":
        assert tok.find_prefix(c) == 1
    assert tok.find_prefix("+1") == 0 and tok.token_match is None
    assert tok.find_suffix("°C.") == 1 and tok.find_suffix("AB.") == 1
    assert unicodedata.unidata_version == "14.0.0", sys.version
    assert spacy.__version__ == "3.8.18"


check()
print("/* SPDX-License-Identifier: MIT */")
print("/* Made by english.py from spaCy 3.8.18 and datatrove 0.10.1 (facts;\n"
      " * THIRD_PARTY has their licences).  Don't edit. */")
pages()
exceptions()
units()
