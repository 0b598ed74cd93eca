#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Merges of quern against those of BpeTrainer of Hugging Face's tokenizers.

Each corpus, written out as lines of text, trains both; the vocabularies and the
lists of merges must be equal.  A table says so, with seconds of processor time
and the peak memory of either side.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install tokenizers
    /tmp/peers/bin/python tests/parity/merges.py --shared ../shared

With --chars tokens are made of characters: of all there are, and again of about
so many as said and three given ones, cut where no two are equally frequent, for
which of those stay is chance in that library.

Exits 1 if anything differs.
"""
import argparse
import collections
import glob
import itertools
import json
import os
import subprocess
import sys
import tempfile

TRAIN = """
import sys
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
text, vocab, out = sys.argv[1:]
t = Tokenizer(models.BPE())
t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
t.train([text], trainers.BpeTrainer(
    vocab_size=int(vocab), special_tokens=["<|endoftext|>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
t.save(out)
"""

CHARS = """
import sys
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
text, vocab, out, limit, initial = sys.argv[1:]
t = Tokenizer(models.BPE())
t.pre_tokenizer = pre_tokenizers.Split(Regex(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
    r"|\\s+(?!\\S)|\\s+"), "isolated")
t.train([text], trainers.BpeTrainer(
    vocab_size=int(vocab), initial_alphabet=list(initial), show_progress=False,
    **({"limit_alphabet": int(limit)} if limit != "0" else {}),
    special_tokens=["<|endoftext|>"] + ["<0x%02X>" % i for i in range(256)]))
t.save(out)
"""

INITIAL = "\u4e2d\u00e9\U0001f600"


def cut(text, most):
    """The alphabet's size up to most where it ends between two counts."""
    with open(text, encoding="utf-8", newline="") as f:
        n = collections.Counter(f.read())
    n.update({c: 1 << 60 for c in INITIAL})
    n = [0] + sorted(n.values())[::-1] + [0]
    return max(i for i in range(min(most + 1, len(n) - 1)) if n[i] != n[i + 1])


def texts_of(path):
    data = subprocess.run(["zstd", "-dcq", path], check=True,
                          capture_output=True).stdout
    if ".jsonl" not in path:
        yield data.decode("utf-8", "ignore")
        return
    for line in data.splitlines():
        try:
            doc = json.loads(line)
        except ValueError:
            continue
        for value in doc.values() if isinstance(doc, dict) else ():
            if isinstance(value, str):
                yield value.encode("utf-8", "ignore").decode("utf-8")


# A process's peak counts that of the one it was forked from: a small one is.
WAIT = """
import os, sys
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, status)
"""


def run(argv, threads):
    """Seconds of processor time and peak memory in MB."""
    env = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    out = subprocess.run([sys.executable, "-S", "-c", WAIT] + argv, env=env,
                         check=True, capture_output=True, text=True).stdout
    seconds, memory, status = map(float, out.split()[-3:])
    if status:
        sys.exit("%s: exit status %d" % (argv[0], status))
    return seconds, memory


def merges(path):
    with open(path, encoding="utf-8") as f:
        model = json.load(f)["model"]
    return model["vocab"], [tuple(m.split(" ") if isinstance(m, str) else m)
                            for m in model["merges"]]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--shared", default="../shared")
    p.add_argument("--quern", default="build/bin/quern")
    p.add_argument("--vocab", default="1000,8000,32000,100000")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--only", default="", help="part of a corpus's path")
    p.add_argument("--chars", type=int, metavar="N")
    p.add_argument("--file", help="one text file instead of the corpora")
    opt = p.parse_args()
    bad = 0
    print("%-44s %7s %6s  %-6s %8s %8s %6s %7s %7s" % (
        "corpus", "MB", "vocab", "merges", "hf s", "quern s", "ratio",
        "hf MB", "our MB"))
    with tempfile.TemporaryDirectory() as tmp:
        text = opt.file or os.path.join(tmp, "text.txt")
        files = [opt.file] if opt.file else [
            f for f in sorted(glob.glob(opt.shared + "/data/*/*.zst"))
            if opt.only in f and any(k in f for k in (".jsonl", ".txt"))]
        for path in files:
            if not opt.file:
                with open(text, "w", encoding="utf-8", newline="") as f:
                    f.write("\n".join(texts_of(path)))
            if os.path.getsize(text) < 1000:
                continue
            ways = [(TRAIN, [], [])]
            if opt.chars is not None:
                n = str(cut(text, opt.chars))
                ways = [(CHARS, ["0", ""], ["--model", "char-bpe"]),
                        (CHARS, [n, INITIAL], [
                            "--model", "char-bpe", "--limit-alphabet", n,
                            "--initial-alphabet", INITIAL])]
            for vocab, way in itertools.product(opt.vocab.split(","), ways):
                if way[1] == ["0", ""] and cut(text, 1 << 21) > int(vocab) - 257:
                    continue  # that library's vocabulary grows beyond vocab
                out = [os.path.join(tmp, n) for n in ("hf.json", "our.json")]
                hf = run([sys.executable, "-c", way[0], text, vocab, out[0],
                          *way[1]], opt.threads)
                our = run([opt.quern, "tokenizer", "train", "-q", "--lines",
                           "--vocab", vocab, "--threads", str(opt.threads),
                           "-o", out[1], text, *way[2]], opt.threads)
                same = merges(out[0]) == merges(out[1])
                bad += not same
                print("%-44s %7.1f %6s  %-6s %8.2f %8.2f %6.1f %7.0f %7.0f" % (
                    "/".join(path.split("/")[-2:]),
                    os.path.getsize(text) / 1e6, vocab,
                    "same" if same else "DIFFER", hf[0], our[0],
                    hf[0] / our[0], hf[1], our[1]), flush=True)
    sys.exit(bad > 0)


main()
