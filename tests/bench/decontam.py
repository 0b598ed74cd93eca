#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recall and false drops of quern decontam on published evaluation sets.

	tests/bench/decontam.py EVAL_FOLDER BOOKS.jsonl[.zst]... [-- NGRAM...]

Plants each item of each set (the text that the command looks for by default,
else context_options) in prose of the first books, one document an item: as it
is; in lines of 8 words; in capitals; with other quotation marks and
apostrophes; all of these at once; with its answer behind it.  Then says how
many of these documents are dropped, by the words of the item, and how many
pages of all books are.  Exit status 1 if recall for items of 13 words or more
is under .99 or a page is dropped.
"""
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile

FIELDS = ("text", "question", "query", "context", "prompt", "instruction",
          "context_options")
NGRAMS = (8, 10, 13)


def read(path):
    if path.endswith(".zst"):
        data = subprocess.run(["zstd", "-dcq", path], check=True,
                              stdout=subprocess.PIPE).stdout
    else:
        with open(path, "rb") as f:
            data = f.read()
    return [json.loads(x) for x in data.split(b"\n") if x.strip()]


def text_of(item):
    for f in FIELDS:
        v = item.get(f)
        if isinstance(v, list):
            v = v[0] if v else None
        if isinstance(v, str):
            return v
    return None


def answer_of(item):
    """As the manual says: the choice that a number names, or a text."""
    for f in ("gold", "answer", "label"):
        k = item.get(f)
        if isinstance(k, int) and isinstance(item.get("choices"), list):
            if k < len(item["choices"]):
                return item["choices"][k]
    for f in ("answer", "continuation", "output", "target"):
        if isinstance(item.get(f), str):
            return item[f]
    return None


def wrapped(t):
    w = t.split()
    return "\n".join(" ".join(w[i:i + 8]) for i in range(0, len(w), 8))


def quoted(t):
    t = re.sub(r"(?<=\w)'(?=\w)", "\u2019", t)
    return re.sub(r'"([^"]*)"', "\u00ab\\1\u00bb", t)


FORMS = {
    "as it is": lambda t: t,
    "8 words a line": wrapped,
    "capitals": str.upper,
    "other quotes": quoted,
    "all of these": lambda t: wrapped(quoted(t).upper()),
}


def pages(books, size=5000):
    for b in books:
        for d in read(b):
            t = d["text"]
            for i in range(0, len(t), size):
                yield t[i:i + size]


def plant(items, prose, path):
    """Documents to path; what each is: (words, form)."""
    made = {}
    rnd = random.Random(5)
    with open(path, "w") as f:
        for k, (text, answer) in enumerate(items):
            words = len(re.findall(r"[^\W_]+", text))
            forms = {n: fn(text) for n, fn in FORMS.items()}
            if answer:
                forms["with its answer"] = wrapped(text + " " + answer)
            for name, t in forms.items():
                page = prose[rnd.randrange(len(prose))].replace("\n", " ")
                cut = page.find(" ", len(page) // 2)
                one = "%d/%s" % (k, name)
                made[one] = (words, name)
                f.write(json.dumps({
                    "id": one,
                    "text": page[:cut] + ". " + t + " " + page[cut:]}) + "\n")
    return made


def dropped(docs, against, ngram):
    with tempfile.TemporaryDirectory() as d:
        out = os.path.join(d, "kept.jsonl")
        rejects = os.path.join(d, "rejects.jsonl")
        fields = ["--fields", "context_options"] if against[1] else []
        subprocess.run(["quern", "decontam", "-q", "--ngram", str(ngram),
                        "--rejects", rejects, "-o", out] + fields +
                       [x for a in against[0] for x in ("--against", a)] +
                       [docs], check=True)
        return {json.loads(x)["id"]: x for x in open(rejects)}


def main():
    args = sys.argv[1:]
    ngrams = NGRAMS
    if "--" in args:
        ngrams = [int(x) for x in args[args.index("--") + 1:]]
        args = args[:args.index("--")]
    sets = sorted(glob.glob(os.path.join(args[0], "*.jsonl*")))
    prose = list(pages(args[1:]))
    usual, options, items = [], [], []
    for s in sets:
        v = read(s)
        (options if "context_options" in v[0] else usual).append(s)
        items += [(text_of(i), answer_of(i)) for i in v if text_of(i)]
    bad = False
    with tempfile.TemporaryDirectory() as d:
        planted = os.path.join(d, "planted.jsonl")
        made = plant(items, prose[:400], planted)
        clean = os.path.join(d, "clean.jsonl")
        with open(clean, "w") as f:
            for i, t in enumerate(prose):
                f.write(json.dumps({"id": str(i), "text": t}) + "\n")
        print("%d sets, %d items, %d documents, %d pages of books" %
              (len(sets), len(items), len(made), len(prose)))
        for n in ngrams:
            got, false = {}, {}
            for against in ((usual, False), (options, True)):
                if against[0]:
                    got.update(dropped(planted, against, n))
                    false.update(dropped(clean, against, n))
            print("n = %d: %d pages of books dropped" % (n, len(false)))
            for x in list(false.values())[:5]:
                why = json.loads(x)["metadata"]["reject"]
                print("    ", json.dumps(why))
            bad |= bool(false)
            for name in list(FORMS) + ["with its answer"]:
                row = []
                for least, most in ((13, 10 ** 9), (8, 12), (0, 7)):
                    of = [k for k, (w, f) in made.items()
                          if f == name and least <= w <= most]
                    hit = sum(k in got for k in of)
                    row.append("%d of %d (%.4f)" %
                               (hit, len(of), hit / max(1, len(of))))
                    if least == 13 and of and hit < .99 * len(of):
                        bad = True
                print("  %-16s 13 words or more: %s; 8 to 12: %s; fewer: %s" %
                      ((name,) + tuple(row)))
    sys.exit(bad)


main()
