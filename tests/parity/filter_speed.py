#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents a second of processor time: quern filter, one thread, by profile.

	python3 tests/parity/filter_speed.py documents.jsonl [PROFILES...]

The documents are those of tests/parity/filter_corpus.py, of 50 words or more,
say.  PROFILES is a name or several joined by commas; each line is the median of
runs in turns (RUNS, five), reading and writing included.  Of several it says
how much longer they take together than the dearest of them alone, and than all
of them one by one.  Under the Python of tests/parity/filter.py (datatrove
0.10.1) the same is said of datatrove's FineWeb filters, without reading and
writing.  QUERN names another quern-filter, with which all is compared.
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
    "gopher,refinedweb,dclm,dolma-1.6,datatrove-0.10",
    "gopher,c4,refinedweb,fineweb-2024-04,datatrove-0.10",
    "c4,nemo,dclm,fineweb-2024-04,datatrove-0.10"]
RUNS = int(os.environ.get("RUNS", "5"))


def used():
    u = resource.getrusage(resource.RUSAGE_CHILDREN)
    return u.ru_utime + u.ru_stime


def once(program, profiles, path):
    start = used()
    subprocess.run([program, "-q", "--threads", "1", "--profile", profiles, path,
        "-o", os.devnull], check=True)
    return used() - start


def measure(program, sets, path):
    """The seconds of each set, and of each profile in one."""
    names = sorted({n for s in sets for n in (s, *s.split(","))})
    runs = [[once(program, n, path) for n in names] for _ in range(RUNS)]
    return {n: statistics.median(r) for n, r in zip(names, zip(*runs))}


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
    sets = sets or USUAL
    times = measure("quern-filter", sets, path)
    other = os.environ.get("QUERN")
    others = measure(other, sets, path) if other else None
    for s in sets:
        t, names = times[s], s.split(",")
        dearest = max(names, key=times.get)
        print(f"{s}: {len(texts) / t:.0f} documents/s", end="")
        if len(names) > 1:
            print(f", {t / times[dearest]:.2f} times {dearest}, "
                f"{t / sum(times[n] for n in names):.2f} of one by one", end="")
        if others:
            print(f"; {t / others[s]:.2f} of {other}", end="")
        print(flush=True)
    try:
        print(f"datatrove: {datatrove(texts[:1500]):.0f} documents/s")
    except ImportError:
        pass


main(*sys.argv[1:])
