#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes documents for tests/parity/filter.py out of a folder of texts.

	python3 tests/parity/filter_corpus.py DATA pages.jsonl >documents.jsonl
	python3 tests/parity/filter_corpus.py DATA pages.jsonl long >long.jsonl

DATA holds books/, code/, langid/ and lm/ of *.jsonl.zst with a field "text";
pages.jsonl is what quern extract made of web pages.  Texts come as they are,
in chunks, with changes by chance, and with changes aimed at one rule each, so
that every rule comes first somewhere; but for that of over 100,000 words, whose
documents the second line makes, as they take minutes to compare.
"""
import glob
import json
import random
import re
import subprocess
import sys

AIMED = 400
MOST_WORDS = 100000
R = random.Random(20240420)


def read(path):
    data = subprocess.run(["zstd", "-dcq", path], capture_output=True,
                          check=True).stdout.decode()
    return [json.loads(x)["text"] for x in data.split("\n") if x.strip()]


def chunks(texts, n, low=350, high=2200):
    for _ in range(n):
        t = R.choice(texts)
        at = R.randrange(max(1, len(t) - high))
        yield t[at:at + R.randrange(low, high)]


def insert(lines, x):
    lines.insert(R.randrange(len(lines) + 1), x)
    return "\n".join(lines)


LINES = ["Lorem Ipsum dolor sit amet, so it goes.",
    "Enable JavaScript to see this page.", "See our Privacy Policy for details.",
    "We use cooKies here for all of you.", "function f() { return 1; } is here."]
MARKS = ["[1]", "  [12]", " [edit]", "[citation needed] ", "  [٣]", "[[1]]", ""]


def repeat_some(t):
    w = t.split(" ")
    at = R.randrange(max(1, len(w) - 20))
    s = w[at:at + R.randrange(2, 15)]
    for _ in range(R.randrange(1, 14)):
        b = R.randrange(len(w) + 1)
        w[b:b] = s
    return " ".join(w)


STOP = re.compile(r"\b(the|be|to|of|and|that|have|with)\b ")
CHANCE = [
    lambda t: "\n".join("- " + x for x in t.split("\n")),
    lambda t: "\n".join(x + R.choice([" ...", "…", ""]) for x in t.split("\n")),
    repeat_some,
    lambda t: "\n".join(x + R.choice(["", " #tag", " # #"])
                        for x in t.split("\n")),
    lambda t: "\n".join(t.split("\n") + R.choices(t.split("\n"), k=4)),
    lambda t: STOP.sub("", t),
    lambda t: insert(t.split("\n"), R.choice(LINES)),
    lambda t: "\n".join(x + R.choice(MARKS) for x in t.split("\n")),
    lambda t: t.replace(". ", ".\n"),
    lambda t: t.replace(", ", ",\n").replace(". ", ".\n"),
    lambda t: "\n\n".join(t.split("\n") + R.choices(t.split("\n"), k=3)),
    lambda t: t.replace(".", " ..."),
    lambda t: " ".join(x[:R.choice([1, 2, 3])] for x in t.split()),
    lambda t: t.replace(" ", "" if R.random() < .3 else "-"),
    lambda t: " ".join(x if R.random() < .6 else str(R.randrange(9999))
                       for x in t.split(" ")),
    lambda t: t[:R.randrange(400)],
    lambda t: t.replace('"', R.choice(["''", "``", "“", "'"])),
]


class Aim:
    """Texts that one rule should reject first, built of distinct words."""

    def __init__(self, books):
        self.books = books
        plain = re.findall(r"[a-z]+", " ".join(t[:200000] for t in books))
        self.words = sorted(set(plain))
        self.mid = [w for w in self.words if 4 <= len(w) <= 8]
        self.short = [w for w in plain if len(w) <= 3]

    def fresh(self, n):
        return R.sample(self.mid, n)

    def prose(self, n=120):
        """Words, hardly two alike, some of them stop words."""
        w = self.fresh(n)
        for i in range(1, n, 17):
            w[i] = R.choice(["the", "of", "and", "with"])
        return w

    def sentences(self, lines, words=12):
        return [" ".join(self.prose(words)).capitalize() + "."
                for _ in range(lines)]

    def dup_pieces(self, by, chars):
        long, short = self.sentences(1, 60), self.sentences(12, 8)
        some = self.sentences(8)
        lines = short + 2 * long if chars else some + R.sample(some, 5)
        R.shuffle(lines)
        return by.join(lines)

    def dup_paragraphs(self):
        return self.dup_pieces("\n\n", False)

    def dup_paragraph_chars(self):
        return self.dup_pieces("\n\n", True)

    def dup_lines(self):
        return self.dup_pieces("\n", False)

    def dup_line_chars(self):
        return self.dup_pieces("\n", True)

    def top(self, n, share):
        gram, w = self.fresh(n), self.prose(300)
        copies = int(300 * share / n / (1 - share)) + 1
        for i in sorted(R.sample(range(300), copies), reverse=True):
            w[i:i] = gram
        return " ".join(w)

    def top_2gram(self):
        return self.top(2, R.uniform(.19, .3))

    def top_3gram(self):
        return self.top(3, R.uniform(.18, .24))

    def top_4gram(self):
        return self.top(4, R.uniform(.16, .2))

    def dup(self, n):
        want = {5: .15, 6: .14, 7: .13, 8: .12, 9: .11, 10: .10}[n]
        share = R.uniform(want, want * 1.12) * 1.45
        w = self.prose(600)
        runs = [self.fresh(n)
                for _ in range(int(600 * share / n / (1 - 2 * share)))]
        for run in runs + runs:
            i = R.randrange(len(w))
            w[i:i] = run
        return " ".join(w)

    def short_line(self):
        return " ".join(self.prose(R.randrange(5, 60)))

    def short_words(self):
        return " ".join(R.choice(self.short)[:R.choice([1, 2, 3])]
                        for _ in range(200))

    def long_words(self):
        w = self.prose(150)
        return " ".join(a + b + "ing" for a, b in zip(w[::2], w[1::2]))

    def marked(self, mark, share):
        w = self.prose(200)
        return " ".join(x + (mark if R.random() < share else "") for x in w)

    def hashes(self):
        return self.marked(" #", .16)

    def ellipses(self):
        return self.marked(R.choice([" ...", "…"]), R.uniform(.1, .22))

    def bullets(self):
        return "\n".join(R.choice(["- ", "• "]) + x for x in self.sentences(12))

    def ellipsis_lines(self):
        return "\n".join(x[:-1] + (R.choice(["...", "…"]) if R.random() < .45
                                   else ".") for x in self.sentences(12))

    def alpha(self):
        return " ".join(x if R.random() < .75 else str(R.randrange(10 ** 6))
                        for x in self.prose(200))

    def no_stops(self):
        return " ".join(self.fresh(R.randrange(80, 200)))

    def lorem(self):
        return insert(self.sentences(8), "So lorem IPSUM dolor it goes.")

    def curly(self):
        return insert(self.sentences(8), "Here stands one { of them.")

    def few_sentences(self):
        return "\n".join(self.sentences(R.randrange(1, 5), 40))

    def no_marks(self):
        lines = self.sentences(10)
        return "\n".join(x[:-1] if i else x for i, x in enumerate(lines))

    def short_lines(self):
        return "\n".join(self.sentences(30, 3) + self.sentences(5, 12))

    def one_twice(self):
        lines = self.sentences(20, R.randrange(8, 20))
        return "\n".join(lines + R.sample(lines, R.randrange(1, 4)))

    def newlines(self):
        lines = []
        for i in range(60):
            w = self.fresh(3)
            if i % 5 < 2:
                w = [R.choice([x for x in self.words if len(x) > 10])
                     for _ in range(2)] + [R.choice(self.words)]
            if i % 10 == 3:
                w[1] = R.choice(["the", "of", "with"])
            lines.append(" ".join(w).capitalize() + ("." if i % 6 == 0 else ""))
        return "\n".join(lines)

    def many_words(self, n):
        """Exactly n, in lines: words that nobody parts (cannot, gonna)."""
        whole = [w for w in self.words if len(w) > 2 and
                 not re.match("can|gon|got|lem|gim|wan|whad|dunn|doin|nuf|nuth|"
                              "ol|somet|noth|hav|goin|cos|coz|cuz|lovin|mm|oh",
                              w)]
        w = R.choices(whole, k=n)
        w[::17] = R.choices(["the", "of", "and", "with"], k=len(w[::17]))
        return "\n".join(" ".join(w[i:i + 40]) for i in range(0, n, 40))

    def all(self):
        yield from (self.dup_paragraphs, self.dup_paragraph_chars,
            self.dup_lines, self.dup_line_chars, self.top_2gram,
            self.top_3gram, self.top_4gram, self.short_line, self.short_words,
            self.long_words, self.hashes, self.ellipses, self.bullets,
            self.ellipsis_lines, self.alpha, self.no_stops, self.lorem,
            self.curly, self.few_sentences, self.no_marks, self.short_lines,
            self.one_twice, self.newlines)
        for n in range(5, 11):
            yield lambda n=n: self.dup(n)


def words_in(t):
    """No more than what any tokenizer counts."""
    return sum(any(c.isalnum() for c in w) for w in t.split())


def join_to(texts, n):
    """Different ones, until they have n words or more; most times without the
    lines that stand there already, blank ones too, as rules on them come
    before."""
    parts, have, seen, once = [], 0, {""}, R.random() < .9
    for t in R.sample(texts, len(texts)):
        if once:
            lines = [x for x in dict.fromkeys(t.splitlines())
                     if x.strip() not in seen]
            seen.update(x.strip() for x in lines)
            t = "\n".join(lines)
        parts.append(t)
        have += words_in(t)
        if have >= n:
            break
    return R.choice(["\n", " "] if once else ["\n", "\n\n"]).join(parts)


def long_ones(kinds, aim):
    """About MOST_WORDS words: most a little above, some a little below."""
    for i in range(300):
        texts = [t for k in R.sample(sorted(kinds), R.randrange(1, 4))
                 for t in kinds[k]]
        less = -R.randrange(1, 9000) if i % 15 == 0 else R.randrange(1, 6000)
        yield join_to(texts, MOST_WORDS + less)
        if i % 20 == 0:
            yield aim.many_words(MOST_WORDS + i // 20 % 3 - 1)


def write(out):
    for i, t in enumerate(out):
        print(json.dumps({"id": str(i), "text": t}))


def read_kinds(data, pages, books):
    """Texts as they are, or in chunks, by where they come from."""
    web = [json.loads(x)["text"][:8000] for x in open(pages, encoding="utf-8")]
    kinds = {"web": web + read(f"{data}/lm/c4_demo.jsonl.zst"), "code": []}
    for path in sorted(glob.glob(f"{data}/code/*.jsonl.zst")):
        texts = read(path)
        kinds["code"] += chunks(texts, 2 * len(texts), 400, 3000)
    kinds["books"] = list(chunks(books, 14000))
    for lang in "de", "es", "fr", "ru":
        kinds[lang] = list(chunks(read(f"{data}/books/books.{lang}.jsonl.zst"),
                                  1500))
    kinds["langs"] = []
    for name in "tldr_pages", "lingua_testdata":
        kinds["langs"] += read(f"{data}/langid/{name}.jsonl.zst")
    for name in "udhr", "genesis":
        kinds["langs"] += chunks(read(f"{data}/langid/{name}.jsonl.zst"), 1000)
    return kinds


def main(data, pages, only=""):
    books = read(f"{data}/books/books.en.jsonl.zst")
    kinds = read_kinds(data, pages, books)
    if only == "long":
        write(long_ones(kinds, Aim(books)))
        return
    base = [t for texts in kinds.values() for t in texts]
    long = [t for t in base if len(t.split()) >= 50]
    out = base + [R.choice(CHANCE)(R.choice(long)) for _ in range(16000)]
    for make in Aim(books).all():
        out += [make() for _ in range(AIMED)]
    out = [t for t in out if t]
    R.shuffle(out)
    write(out)
    print(len(out), "documents,", sum(len(t.split()) >= 50 for t in out),
          "of 50 words or more", file=sys.stderr)


main(*sys.argv[1:])
