#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our shards in the hands of other readers: do they see the same tokens?

    readers.py [--documents FILE.jsonl] [--tokens N]

Makes shards of two vocabularies (2 and 4 bytes a token) with `quern shard`,
and reads them with

  - Megatron-LM's own reader, megatron.core.datasets.indexed_dataset (pip
    install megatron-core torch numpy), mapped and not, by document and by
    part of one;
  - a reader as nanoGPT's train.py has it: numpy.memmap(uint16), rows of block
    + 1 tokens from any place, of `quern shard convert --to nanogpt`;
  - a reader as llm.c's dataloader has it: 256 int32 of header, magic 20240520
    version 1 (or 20240801 version 7), tokens behind, of `--to llmc`.

What each reads is compared with `quern shard cat --format ids`.  A reader that
is not installed is named and left out; the exit status is 1 if one differs or
if Megatron's is missing.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

import numpy


def run(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout


def write_documents(path, tokens):
    """Random bytes of text: every byte of UTF-8 becomes a token or more."""
    rng = random.Random(5)
    made = 0
    with open(path, "w", encoding="utf-8") as out:
        number = 0
        while made < tokens:
            n = int(rng.expovariate(1 / 400)) + 1
            text = "".join(rng.choice("abcdefgh ijklmnop.\näß漢") for _ in range(n))
            out.write(json.dumps({"id": f"d{number}", "text": text}) + "\n")
            made += n
            number += 1


def truth(prefix):
    """Documents as lists of ids, as we read them."""
    lines = run("quern", "shard", "cat", "--format", "ids", prefix).decode()
    return [[int(t) for t in line.split()] for line in lines.splitlines()]


class Report:
    failed = 0

    def say(self, ok, what):
        print(("same      " if ok else "DIFFERENT ") + what)
        self.failed += not ok


def megatron(report, prefix, docs, dtype):
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    for mmap in (True, False):
        data = IndexedDataset(prefix, mmap=mmap)
        ok = len(data) == len(docs) and data.index.dtype == dtype
        ok = ok and list(data.document_indices) == list(range(len(docs) + 1))
        ok = ok and all(data[i].tolist() == doc for i, doc in enumerate(docs))
        rng = random.Random(7)
        for _ in range(1000):
            i = rng.randrange(len(docs))
            at = rng.randrange(len(docs[i]))
            n = rng.randrange(len(docs[i]) - at) + 1
            ok = ok and data.get(i, at, n).tolist() == docs[i][at : at + n]
        ok = ok and data[3:9] and [d.tolist() for d in data[3:9]] == docs[3:9]
        report.say(
            bool(ok),
            f"Megatron's IndexedDataset, {numpy.dtype(dtype).name}, "
            f"{'mapped' if mmap else 'read'}: {len(docs)} documents, "
            f"{sum(map(len, docs))} tokens",
        )


def nanogpt(report, path, flat, block=256):
    data = numpy.memmap(path, dtype=numpy.uint16, mode="r")
    rng = random.Random(11)
    ok = len(data) == len(flat) and data.tolist() == flat
    for _ in range(1000):
        i = rng.randrange(len(data) - block)
        x = data[i : i + block].astype(numpy.int64)
        y = data[i + 1 : i + 1 + block].astype(numpy.int64)
        ok = ok and x.tolist() + [int(y[-1])] == flat[i : i + block + 1]
    report.say(ok, f"nanoGPT's memmap: {len(data)} tokens")


def llmc(report, path, flat):
    with open(path, "rb") as f:
        header = numpy.frombuffer(f.read(256 * 4), dtype=numpy.int32)
        kinds = {(20240520, 1): numpy.uint16, (20240801, 7): numpy.uint32}
        dtype = kinds.get((int(header[0]), int(header[1])))
        data = numpy.frombuffer(f.read(), dtype=dtype)
    ok = dtype is not None and int(header[2]) == len(data) == len(flat)
    report.say(
        bool(ok) and data.tolist() == flat,
        f"llm.c's loader, {numpy.dtype(dtype).name}: {len(data)} tokens",
    )


def wide_tokenizer(narrow, wide):
    """The same tokenizer with a vocabulary that needs four bytes."""
    with open(narrow, encoding="utf-8") as f:
        tok = json.load(f)
    vocab = tok["model"]["vocab"]
    for i in range(max(vocab.values()) + 1, 70000):
        vocab[f"<unused {i}>"] = i
    with open(wide, "w", encoding="utf-8") as f:
        json.dump(tok, f, ensure_ascii=False)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    args.add_argument("--documents", help="JSON Lines; default: made up")
    args.add_argument("--tokens", type=int, default=300000)
    args = args.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as top:
        docs = args.documents or os.path.join(top, "docs.jsonl")
        if not args.documents:
            write_documents(docs, args.tokens)
        narrow, wide = (os.path.join(top, n) for n in ("narrow.json", "wide.json"))
        run("quern", "tokenizer", "train", "-q", "--vocab", "600", "-o", narrow, docs)
        wide_tokenizer(narrow, wide)
        for tokenizer, dtype in ((narrow, numpy.uint16), (wide, numpy.int32)):
            prefix = os.path.join(top, numpy.dtype(dtype).name)
            run("quern", "shard", "-q", "--tokenizer", tokenizer, "-o", prefix, docs)
            want = truth(prefix)
            flat = [t for doc in want for t in doc]
            try:
                megatron(report, prefix, want, dtype)
            except ImportError as e:
                report.say(False, f"Megatron's reader is not there: {e}")
            out = prefix + ".llmc"
            run("quern", "shard", "convert", "--to", "llmc", "-o", out, prefix)
            llmc(report, out, flat)
            if dtype is numpy.uint16:
                out = prefix + ".nano"
                run("quern", "shard", "convert", "--to", "nanogpt", "-o", out, prefix)
                nanogpt(report, out, flat)
    return report.failed != 0


if __name__ == "__main__":
    sys.exit(main())
