#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares quern classify with the fasttext program: accuracy and CPU time.

	classify.py [DATA]	(DATA: classify/, toxic/, langid/ below it)

Trains both with the same options on four fifths of each set and tests on the
rest; then has models of several kinds, trained by fasttext, label the same
sentences with one thread each, and counts seconds of CPU, labels that differ and
the largest difference of a probability.
"""
import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile

DATA = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
    os.path.join(os.path.dirname(__file__), "../../../shared/data"))
RUNS = [([], []),
    (["--lr", "0.5", "--word-ngrams", "2"], ["-lr", "0.5", "-wordNgrams", "2"]),
    (["--lr", "0.5", "--loss", "hs"], ["-lr", "0.5", "-loss", "hs"])]
SIZE = (["--dim", "20", "--bucket", "200000"], ["-dim", "20", "-bucket", "200000"])
KINDS = {"softmax": ["-loss", "softmax"], "hs": ["-loss", "hs"],
    "ova": ["-loss", "ova"], "ns": ["-loss", "ns"]}


def run(*args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, **kw).stdout.decode("utf-8", "replace")


def cpu(*args):
    """Seconds of CPU, the best of three."""
    best = 1e9
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(*args)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime -
            before.ru_stime)
    return best


def stored(path):
    return run("zstd", "-dcq", os.path.join(DATA, path))


def sets():
    for name in "sentence_polarity", "subjectivity", "trec_qc.train":
        rows = []
        for line in stored(f"classify/{name}.txt.zst").split("\n"):
            if line.strip():
                label, text = line.split(None, 1)
                label = label.replace("__label__", "").split(":")[0]
                rows.append((label, " ".join(text.split())))
        yield name, rows
    yield "davidson", [("c" + r["class"], " ".join(r["tweet"].split()))
        for r in csv.DictReader(io.StringIO(
            stored("toxic/davidson_hate_speech.csv.zst")))
        if r["class"] in ("0", "1", "2") and r["tweet"]]


def write(name, rows):
    with open(name + ".txt", "w") as f:
        f.writelines(f"__label__{a} {b}\n" for a, b in rows)
    with open(name + ".jsonl", "w") as f:
        f.writelines(json.dumps({"text": b, "metadata": {"gold": a}}) + "\n"
            for a, b in rows)


def accuracy():
    for name, rows in sets():
        random.Random(1).shuffle(rows)
        fifth = len(rows) // 5
        write("test", rows[:fifth])
        write("train", rows[fifth:])
        for ours, theirs in RUNS:
            run("quern", "classify", "train", "--label", "gold", "-o", "own.bin",
                *SIZE[0], *ours, "train.jsonl")
            run("quern", "classify", "label", "--model", "own.bin",
                "test.jsonl", "-o", "out.jsonl")
            metas = [json.loads(x)["metadata"] for x in open("out.jsonl")]
            own = sum(m["gold"] == m["label"] for m in metas) / len(metas)
            their = []
            for seed in "1", "2", "3":
                run("fasttext", "supervised", "-input", "train.txt", "-output",
                    "ft", "-thread", "1", "-seed", seed, *SIZE[1], *theirs)
                said = run("fasttext", "predict", "ft.bin", "test.txt").split()
                their.append(sum(a[9:] == b[0] for a, b in
                    zip(said, rows[:fifth])) / fifth)
            print(f"{name} {' '.join(ours)}: {own:.4f}, fasttext "
                f"{sum(their) / 3:.4f}", flush=True)


def speed():
    docs = [json.loads(x) for x in
        stored("langid/lingua_testdata.jsonl.zst").split("\n") if x]
    docs = [d for d in docs if d["kind"] == "sentences"]
    write("all", [(d["lang"], " ".join(d["text"].split())) for d in docs])
    run("sh", "-c", "sed 's/^[^ ]* //' all.txt >text.txt")
    for kind, options in KINDS.items():
        run("fasttext", "supervised", "-input", "all.txt", "-output", kind,
            "-dim", "16", "-minn", "2", "-maxn", "4", "-bucket", "50000",
            "-epoch", "1", "-thread", "1", *options)
    for kind in "softmax", "hs":
        run("fasttext", "quantize", "-input", "all.txt", "-output", kind,
            "-qnorm", "-cutoff", "50000")
    for model in [k + ".bin" for k in KINDS] + ["softmax.ftz", "hs.ftz"]:
        theirs = "fasttext", "predict-prob", model
        ours = ("quern", "classify", "label", "-q", "--threads", "1", "--model",
            model)
        a, b = cpu(*theirs, "text.txt"), cpu(*ours, "all.jsonl")
        load = cpu(*theirs, "/dev/null"), cpu(*ours, "/dev/null")
        said = [x.split() for x in run(*theirs, "text.txt").splitlines()]
        metas = [json.loads(x)["metadata"] for x in
            run(*ours, "all.jsonl").splitlines()]
        other = sum(s[0][9:] != m["label"] for s, m in zip(said, metas))
        far = max(abs(float(s[1]) - m["label_score"])
            for s, m in zip(said, metas) if s[0][9:] == m["label"])
        print(f"{model}: fasttext {a:.2f} s, quern {b:.2f} s: {a / b:.2f} x; "
            f"without loading {(a - load[0]) / (b - load[1]):.2f} x; "
            f"{other} other labels of {len(metas)}, difference {far:.1e}",
            flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        accuracy()
        speed()
