#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the signatures of quern's profile datatrove with datatrove's own.

	python3 -m venv v && v/bin/pip install datatrove==0.10.1 spacy==3.8.18 regex nltk tokenizers xxhash==3.5.0
	make build/bench/dedup
	v/bin/python tests/parity/minhash.py DOCUMENTS.jsonl...

Says how many documents have the same 112 values, bit for bit, and names those
that don't.  Exit status 1 if any differs.
"""
import json
import os
import subprocess
import sys

from datatrove.pipeline.dedup.minhash import (MinhashConfig,
                                              MinhashDedupSignature)

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
step = MinhashDedupSignature("/tmp", MinhashConfig(
    n_grams=5, num_buckets=14, hashes_per_bucket=8))


def signature(text):
    try:
        shingles = step.get_shingles(text)
    except ZeroDivisionError:
        return "-"
    if not shingles.size:
        return "-"
    return " ".join(str(v) for band in step.get_signature(shingles)
                    for v in band)


def main():
    bad = 0
    for file in sys.argv[1:]:
        out = subprocess.run(
            [os.path.join(TOP, "build/bench/dedup"), "--signatures", file],
            check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
        same = n = 0
        with open(file, "rb") as f:
            lines = [x for x in f.read().split(b"\n") if x]
        assert len(lines) == len(out), (file, len(lines), len(out))
        for line, ours in zip(lines, out):
            d = json.loads(line)
            n += 1
            if signature(d["text"]) == ours:
                same += 1
            elif bad < 10:
                print("differs:", file, d.get("id"))
        print("%s: %d of %d documents have the same signature" %
              (file, same, n))
        bad += n - same
    sys.exit(bad > 0)


main()
