#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents a second of processor time: quern filter, one thread, by profile.

	python3 tests/parity/filter_speed.py documents.jsonl [PROFILES...]

The documents are those of tests/parity/filter_corpus.py, of 50 words or more,
say.  PROFILES is a name or several joined by commas; each line is the median
of five runs, reading and writing included, and how much longer than the first it
takes.  Under the Python of tests/parity/filter.py (datatrove 0.10.1) the same
is said of datatrove's FineWeb filters, without reading and writing.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time

USUAL = ["datatrove-0.10", "gopher,gopher-quality,refinedweb,c4,datatrove-0.10",
    "gopher,c4,refinedweb,dolma-1.6,datatrove-0.10",
    "gopher,c4,datatrove-0.10,dolma-1.6,nemo",
    "gopher,c4,refinedweb,dclm,datatrove-0.10",
    "c4,nemo,dclm,fineweb-2024-04,datatrove-0.10"]


def quern(profiles, path):
    def used():
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime

    def once():
        start = used()
        subprocess.run(["quern-filter", "-q", "--threads", "1", "--profile",
            profiles, path, "-o", os.devnull], check=True)
        return used() - start
    return statistics.median(once() for _ in range(5))


def datatrove(texts):
    from datatrove.data import Document
    from datatrove.pipeline.filters import (C4QualityFilter,
        FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter)

    chain = [GopherRepetitionFilter(), GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter()]

    def judge(text):
        doc = Document(text=text, id="")
        return all(f.filter(doc) is True for f in chain)

    judge(texts[0])
    start = time.process_time()
    for text in texts:
        judge(text)
    return len(texts) / (time.process_time() - start)


def main(path, *sets):
    with open(path, encoding="utf-8") as f:
        texts = [json.loads(x)["text"] for x in f]
    first = None
    for s in sets or USUAL:
        t = quern(s, path)
        first = first or t
        print(f"{s}: {len(texts) / t:.0f} documents/s, {t / first:.2f} times")
    try:
        print(f"datatrove: {datatrove(texts[:1500]):.0f} documents/s")
    except ImportError:
        pass


main(*sys.argv[1:])
