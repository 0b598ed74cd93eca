#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares quern classify with the fasttext program: accuracy and CPU time.

	classify.py [DATA]	(DATA: classify/, toxic/, langid/ below it)

Trains both with the same options on four fifths of each set and tests on the
rest; then has models of all kinds, trained by fasttext, label the same texts with
one thread each, and counts seconds of CPU (medians of alternating runs), with and
without those for loading the model, labels that differ and the largest difference
of a probability: models of 75 languages on sentences, models of polarity on pages
of books.
"""
import csv
import io
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile

DATA = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
    os.path.join(os.path.dirname(__file__), "../../../shared/data"))
RUNS = [([], []),
    (["--lr", "0.5", "--word-ngrams", "2"], ["-lr", "0.5", "-wordNgrams", "2"]),
    (["--lr", "0.5", "--loss", "hs"], ["-lr", "0.5", "-loss", "hs"])]
SIZE = (["--dim", "20", "--bucket", "200000"], ["-dim", "20", "-bucket", "200000"])
LOSSES = "softmax", "hs", "ova", "ns"
KINDS = {"words": ["-dim", "16", "-bucket", "1"],
    "pairs": ["-dim", "100", "-wordNgrams", "2", "-bucket", "200000"],
    "letters": ["-dim", "16", "-minn", "2", "-maxn", "4", "-bucket", "50000"]}
QUANTISED = {"words-softmax": [], "pairs-softmax": ["-qnorm", "-cutoff", "50000"],
    "letters-softmax": ["-qnorm", "-cutoff", "50000"],
    "letters-hs": ["-qnorm", "-cutoff", "50000"],
    "letters-ova": ["-qnorm", "-qout"]}
TIMES = int(os.environ.get("TIMES", "5"))

def run(*args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, **kw).stdout.decode("utf-8", "replace")


def cpu(*args):
    """Seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime -
        before.ru_stime)


def median(*commands):
    """Of TIMES runs of each, in turns."""
    runs = [[cpu(*c) for c in commands] for _ in range(TIMES)]
    return [statistics.median(r) for r in zip(*runs)]


def stored(path):
    return run("zstd", "-dcq", os.path.join(DATA, path + ".zst"))


def sets():
    for name in "sentence_polarity", "subjectivity", "trec_qc.train":
        rows = []
        for line in stored(f"classify/{name}.txt").split("\n"):
            if line.strip():
                label, text = line.split(None, 1)
                label = label.replace("__label__", "").split(":")[0]
                rows.append((label, " ".join(text.split())))
        yield name, rows
    yield "davidson", [("c" + r["class"], " ".join(r["tweet"].split()))
        for r in csv.DictReader(io.StringIO(
            stored("toxic/davidson_hate_speech.csv")))
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


def supervise(name, text, *options):
    run("fasttext", "supervised", "-input", text, "-output", name, "-epoch", "1",
        "-thread", "1", *options)


def compare(model, texts):
    theirs = "fasttext", "predict-prob", model
    ours = ("quern", "classify", "label", "-q", "--threads", "1", "--model", model)
    a, b, c, d = median((*theirs, f"{texts}.txt"), (*ours, f"{texts}.jsonl"),
        (*theirs, "/dev/null"), (*ours, "/dev/null"))
    said = [x.split() for x in run(*theirs, f"{texts}.txt").splitlines()]
    metas = [json.loads(x)["metadata"] for x in
        run(*ours, f"{texts}.jsonl").splitlines()]
    other = sum(s[0][9:] != m["label"] for s, m in zip(said, metas))
    far = max(abs(float(s[1]) - m["label_score"])
        for s, m in zip(said, metas) if s[0][9:] == m["label"])
    print(f"{texts}, {model}: fasttext {a:.2f} s, quern {b:.2f} s: {a / b:.2f} x; "
        f"without loading ({c:.2f}, {d:.2f} s) {(a - c) / (b - d):.2f} x; "
        f"{other} other labels of {len(metas)}, difference {far:.1e}", flush=True)


def write_texts(name, texts):
    with open(name + ".txt", "w") as f:
        f.writelines(x + "\n" for x in texts)
    with open(name + ".jsonl", "w") as f:
        f.writelines(json.dumps({"text": x}, ensure_ascii=False) + "\n"
            for x in texts)


def pages():
    """Pieces of 2,000 letters of English books, in a random order."""
    made = []
    for line in stored("books/books.en.jsonl").split("\n")[:12]:
        text = " ".join(json.loads(line)["text"].split())
        made += [text[i:i + 2000] for i in range(0, len(text), 2000)]
    random.Random(1).shuffle(made)
    return made


def speed():
    docs = [json.loads(x) for x in
        stored("langid/lingua_testdata.jsonl").split("\n") if x]
    docs = [d for d in docs if d["kind"] == "sentences"]
    write("languages", [(d["lang"], " ".join(d["text"].split())) for d in docs])
    write_texts("sentences", [" ".join(d["text"].split()) for d in docs])
    write("polarity", dict(sets())["sentence_polarity"])
    write_texts("pages", pages())
    for kind, options in KINDS.items():
        for loss in LOSSES:
            name = f"{kind}-{loss}"
            supervise(name, "languages.txt", "-loss", loss, *options)
            compare(name + ".bin", "sentences")
            if name in QUANTISED:
                run("fasttext", "quantize", "-input", "languages.txt", "-output",
                    name, *QUANTISED[name])
                compare(name + ".ftz", "sentences")
            os.remove(name + ".bin")
            supervise("p-" + name, "polarity.txt", "-loss", loss, *options)
            compare(f"p-{name}.bin", "pages")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        accuracy()
        speed()
