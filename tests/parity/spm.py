#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ids of SentencePiece models in quern, and of what `convert` makes of them.

Models of both kinds, trained here with several settings, encode texts in
sentencepiece, in quern, and, as the tokenizer.json that quern wrote, in quern
and in Hugging Face's tokenizers.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install sentencepiece tokenizers
    /tmp/peers/bin/python tests/parity/spm.py BOOK.txt...

Prints how many texts differ in each.  Unigram may differ in a few where two ways
are all but equal: as a tokenizer.json, whose scores add up in doubles, and with
user-defined pieces.  Exits 1 for any other difference.
"""
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import sentencepiece
from tokenizers import Tokenizer

QUERN = os.environ.get("QUERN", "build/bin/quern")
USER = ["<sep>", "\u2581\u2581", "\u4e2d", "\n\n", "ing"]
ODD = [" ", "  ", "\u2581", "\n", "\t", "\x00", "\u00e9", "E\u0301", "\u4e2d",
       "\U0001f600", "\U00010348", "ing", "<sep>", "a", "'s", "=" * 9]


def texts(paths, rnd):
    all_text = "".join(open(p, encoding="utf-8", newline="").read()
                       for p in paths)
    parts = [all_text[i:i + 800] for i in range(0, len(all_text), 800)]
    rnd.shuffle(parts)
    odd = ["".join(rnd.choice(ODD) for _ in range(rnd.randrange(1, 9)))
           for _ in range(1000)]
    return parts, parts[:1500] + odd


def ids(tokenizer, docs):
    out = subprocess.run(
        [QUERN, "tokenizer", "encode", "-q", "--tokenizer", tokenizer,
         "--special-in-text", "none", docs], check=True,
        stdout=subprocess.PIPE).stdout
    return [list(map(int, line.split())) for line in out.split(b"\n")[:-1]]


def compare(name, work, lines, test, docs, kind, **settings):
    base = os.path.join(work, name)
    sentencepiece.SentencePieceTrainer.train(
        input=lines, model_prefix=base, vocab_size=4000, model_type=kind,
        normalization_rule_name="identity", minloglevel=2, num_threads=1,
        character_coverage=.9995, hard_vocab_limit=False, **settings)
    model, made = base + ".model", base + ".json"
    want = sentencepiece.SentencePieceProcessor(model_file=model).encode(test)
    mine = sum(a != b for a, b in zip(want, ids(model, docs)))
    done = subprocess.run([QUERN, "tokenizer", "convert", "-q", "--tokenizer",
                           model, "-o", made], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"{name:24} quern {mine}  not converted:", done.stderr.strip())
        return mine
    hf = Tokenizer.from_file(made)
    hf.encode_special_tokens = True
    theirs = [x.ids for x in hf.encode_batch(test, add_special_tokens=False)]
    n = [sum(a != b for a, b in zip(want, ids(made, docs))),
         sum(a != b for a, b in zip(want, theirs))]
    print(f"{name:24} quern {mine}  as tokenizer.json: quern {n[0]}, tokenizers"
          f" {n[1]}, of {len(test)} texts")
    if kind == "bpe":
        return mine + sum(n)
    few = len(test) // 100
    return mine > (few if settings["user_defined_symbols"] else 0) or \
        max(n) > few or n[0] != n[1]


def main():
    rnd = random.Random(1)
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        parts, test = texts(sys.argv[1:], rnd)
        lines, docs = os.path.join(work, "lines"), os.path.join(work, "d.jsonl")
        with open(lines, "w") as f:
            f.writelines(t.replace("\n", " ") + "\n" for t in parts)
        with open(docs, "w") as f:
            f.writelines(json.dumps({"text": t}) + "\n" for t in test)
        for kind, fallback, ends, front, user in itertools.product(
                ("bpe", "unigram"), *[(True, False)] * 4):
            if not user or (fallback and ends == front):
                bad += compare(
                    "-".join([kind] + [n for n, on in (
                        ("bytes", fallback), ("trim", ends), ("front", front),
                        ("user", user)) if on]), work, lines, test, docs, kind,
                    byte_fallback=fallback, remove_extra_whitespaces=ends,
                    add_dummy_prefix=front,
                    user_defined_symbols=USER if user else [])
    sys.exit(bad > 0)


main()
