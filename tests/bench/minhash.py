#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signatures of 112 values: quern beside datatrove and rensa, in one run.

	python3 -m venv v && v/bin/pip install datatrove==0.10.1 spacy==3.8.18 regex nltk tokenizers xxhash==3.5.0 rensa==0.5.0
	make build/bench/dedup
	v/bin/python tests/bench/minhash.py DOCUMENTS.jsonl[.zst] [MEGABYTES]

Text in, 112 values out: words, runs of five, permutations.  Processor time of
one thread each, files and JSON not counted; datatrove's tokens are spaCy's, as
quern's are in its profile datatrove; rensa is given runs of five words that
blanks part, and, in the last row, runs that are made already.
"""
import json
import os
import re
import subprocess
import sys
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def read(path):
    if path.endswith(".zst"):
        data = subprocess.run(["zstd", "-dc", path], check=True,
                              stdout=subprocess.PIPE).stdout
    else:
        with open(path, "rb") as f:
            data = f.read()
    return [json.loads(x)["text"] for x in data.split(b"\n") if x]


def pages(texts, size=5000):
    """Texts as long as web pages are."""
    for t in texts:
        for i in range(0, len(t), size):
            yield t[i:i + size]


def timed(f, texts):
    mb = sum(len(t.encode()) for t in texts) / 1e6
    best = min(one(f, texts) for _ in range(3))
    return mb / best


def one(f, texts):
    start = time.process_time()
    f(texts)
    return time.process_time() - start


def datatrove():
    from datatrove.pipeline.dedup.minhash import (MinhashConfig,
                                                  MinhashDedupSignature)
    step = MinhashDedupSignature("/tmp", MinhashConfig(
        n_grams=5, num_buckets=14, hashes_per_bucket=8))

    def sign(texts):
        for t in texts:
            shingles = step.get_shingles(t)
            if shingles.size:
                step.get_signature(shingles)
    return sign


def grams(t):
    words = t.lower().split()
    return [" ".join(words[i:i + 5]) for i in range(max(1, len(words) - 4))]


def rensa_of(sets):
    from rensa import RMinHash
    for s in sets:
        m = RMinHash(num_perm=112, seed=42)
        m.update(s)
        m.digest()


def main():
    size = float(sys.argv[2]) if len(sys.argv) > 2 else 3
    texts, n = [], 0
    for t in pages(read(sys.argv[1])):
        texts.append(t)
        n += len(t.encode())
        if n > size * 1e6:
            break
    file = "/tmp/quern-minhash-bench-%d.jsonl" % os.getpid()
    with open(file, "w") as f:
        for i, t in enumerate(texts):
            f.write(json.dumps({"id": str(i), "text": t},
                               ensure_ascii=False) + "\n")
    out = subprocess.run([os.path.join(TOP, "build/bench/dedup"), file],
                         check=True, stdout=subprocess.PIPE).stdout.decode()
    os.unlink(file)
    ours = {x[0]: float(x[1]) for x in
            re.findall(r"^(.*), one core: ([0-9.]+)", out, re.M)}
    sign = datatrove()
    sign(texts[:2])
    theirs = timed(sign, texts)
    rensa = timed(lambda v: rensa_of(grams(t) for t in v), texts)
    sets = [grams(t) for t in texts]
    mb = sum(len(t.encode()) for t in texts) / 1e6
    ready = mb / min(one(rensa_of, sets) for _ in range(3))
    print("%.1f MB of text, %d pages, MB/s a core, 112 values:" %
          (mb, len(texts)))
    for name in ("shingles and 112 values", "tokens and 112 values",
                 "datatrove's 112 values"):
        v = ours[name]
        print("quern, %-24s %8.2f  %6.1fx datatrove, %5.1fx rensa, "
              "%5.1fx rensa's hashing alone" %
              (name, v, v / theirs, v / rensa, v / ready))
    print("datatrove %30s %8.2f" % ("", theirs))
    print("rensa, from text %23s %8.2f" % ("", rensa))
    print("rensa, from runs of words %14s %8.2f" % ("", ready))


main()
