#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which version of Unicode do tokenizers and tiktoken follow, and does quern?

    python3 -m venv venv && venv/bin/pip install tokenizers tiktoken
    venv/bin/python tests/parity/unicode.py

Compares the code points that \\p{L} and others match in both libraries with the
runs in lib/tokenizer/uclass.def, and the pieces that patterns make of every
code point in several surroundings in tokenizers with quern's, and what
normalizers make of all of them, and of odd ones in random order.  Exit status
1: they differ, or do not follow 16, our default.  Beside the normalizers'
names stands how many texts differ.
"""
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

import tiktoken
from tokenizers import Regex, Tokenizer, pre_tokenizers

HERE = os.path.dirname(os.path.abspath(__file__))
DEF = os.path.join(HERE, "../../lib/tokenizer/uclass.def")
CLASSES = {r"[\p{Lu}\p{Lt}]": "U", r"\p{Ll}": "L", r"[\p{Lm}\p{Lo}]": "C",
           r"\p{M}": "M", r"\p{N}": "N", r"\p{P}": "P", r"\p{S}": "S"}
PATTERNS = ["gpt2", "cl100k", "qwen2", "nanochat", "o200k", "whitespace",
            "deepseek-v3", "starcoder", "falcon"]
BERT = {"type": "BertNormalizer", "clean_text": True, "strip_accents": None,
        "handle_chinese_chars": True, "lowercase": True}
FORMS = [{"type": t} for t in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase",
                               "StripAccents", "Nmt")] + [
    BERT, dict(BERT, lowercase=False),
    dict(BERT, clean_text=False, handle_chinese_chars=False, lowercase=False,
         strip_accents=True)]
CHARS = [chr(c) for c in range(0x110000) if not 0xd800 <= c < 0xe000]


def runs():
    found = {(k, v): set() for k in CLASSES.values() for v in (14, 15, 16)}
    for m in re.finditer(r"\{(\w+),(\d+),(\w),(\d+)\}", open(DEF).read()):
        for i in range(int(m[2])):
            kind = m[3] if m[3] != "A" else "UL"[i % 2]
            for v in range(int(m[4]), 17):
                found[kind, v].add(chr(int(m[1], 16) + i))
    return found


def of_tiktoken(regex):
    enc = tiktoken.Encoding("x", pat_str=regex, special_tokens={},
                            mergeable_ranks={bytes([i]): i for i in range(256)})
    return set(enc.decode(enc.encode_ordinary("".join(CHARS))))


def of_tokenizers(regex):
    split = pre_tokenizers.Split(Regex(regex), "removed", invert=True)
    return set("".join(p for p, _ in split.pre_tokenize_str("".join(CHARS))))


def same_classes():
    same = {14, 15, 16}
    ours = runs()
    for regex, kind in CLASSES.items():
        for name, of in ("tiktoken", of_tiktoken), ("tokenizers", of_tokenizers):
            theirs = of(regex)
            n = {v: len(theirs ^ ours[kind, v]) for v in (14, 15, 16)}
            print(f"{name:10} {regex:16} differs from", n)
            same &= {v for v in n if n[v] == 0}
    return same


def quern(*args):
    return subprocess.run(["quern", "tokenizer", *args, "-q"], check=True,
                          capture_output=True).stdout.decode()


def same_pieces(work):
    docs = os.path.join(work, "docs.jsonl")
    texts = ["".join(f"{c}a{c} {c}1{c}.{c}A{c}{c} '{c}\n" for c in
             CHARS[i:i + 4096]) for i in range(0, len(CHARS), 4096)]
    with open(docs, "w") as f:
        f.writelines(json.dumps({"id": "x", "text": t}) + "\n" for t in texts)
    good = True
    for name in PATTERNS:
        out = os.path.join(work, "t.json")
        quern("train", "--vocab", "258", "--pattern", name, "-o", out, docs)
        theirs = Tokenizer.from_file(out).pre_tokenizer
        want = collections.Counter(p for t in texts
                                   for p, _ in theirs.pre_tokenize_str(t))
        got = collections.Counter()
        for line in quern("train", "--stage", "count", "--pattern", name,
                          docs).split("\n")[1:-2]:  # "#end N" is the last
            n, piece = line.split("\t")
            got[piece] += int(n)
        print(f"{name:10} {sum(want.values())} pieces,"
              f" {sum(((want - got) + (got - want)).values())} differ")
        good &= want == got
    return good


def is_odd(c):
    return (unicodedata.combining(c) or unicodedata.decomposition(c)
            or unicodedata.category(c)[0] in "MPC" and c < "\ue000")


def same_forms(work):
    rnd = random.Random(1)
    odd = [c for c in CHARS if is_odd(c)]
    texts = ["".join(f"a{c}b {c}\u0301x{c}\u0345.\n" for c in
                     CHARS[i:i + 4096]) for i in range(0, len(CHARS), 4096)]
    texts += ["".join(rnd.choice(odd if rnd.random() < .8 else CHARS)
                      for _ in range(2000)) for _ in range(300)]
    docs, plain, other, ids = (os.path.join(work, n) for n in (
        "docs.jsonl", "plain.json", "other.json", "ids.jsonl"))
    with open(docs, "w") as f:
        f.writelines(json.dumps({"id": "x", "text": t}) + "\n" for t in texts)
    quern("train", "--vocab", "257", "-o", plain, docs)
    model = json.load(open(plain))
    good = True
    for form in FORMS:
        json.dump(dict(model, normalizer=form), open(other, "w"))
        theirs = Tokenizer.from_file(other).normalizer
        quern("encode", "--tokenizer", other, "--format", "jsonl", "-o", ids,
              docs)
        got = quern("decode", "--tokenizer", plain, "--format", "jsonl", ids)
        bad = sum(theirs.normalize_str(t) != json.loads(line)["text"]
                  for t, line in zip(texts, got.split("\n")))
        print(f"{form['type']:14} {len(texts)} texts, {bad} differ")
        good &= not bad
    return good


same = same_classes()
print("both follow", same)
with tempfile.TemporaryDirectory() as folder:
    sys.exit(not all([same == {16}, same_pieces(folder), same_forms(folder)]))
