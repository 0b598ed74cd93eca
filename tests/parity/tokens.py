#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ids of quern against those of tiktoken and Hugging Face's tokenizers.

Documents of all corpora, in random order and partly mutated (tricky characters
put in, cut, doubled), go to each in the same run; every id is compared.  All
patterns are tried: with the vocabularies at hand, or with one learnt here.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install tiktoken tokenizers
    /tmp/peers/bin/python tests/parity/tokens.py --shared ../shared --mb 1000

Exits 1 if an id differs.  --hf-mb: so much for tokenizers, which is slow.
--only SET, SET:PEER or a list of them with commas; --list names all.  What a
run that was stopped has finished is in --done FILE, and the next passes over it.
"""
import argparse
import glob
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tiktoken
import tokenizers
from tiktoken.load import load_tiktoken_bpe

SPACE = r"|\s+(?!\S)|\s+"
TAIL = r"|\s*[\r\n]+" + SPACE
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
CL100K = (CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
UP, LOW = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (r"[^\r\n\p{L}\p{N}]?" + UP + "*" + LOW + "+" + CONTRACTION + "?|"
         r"[^\r\n\p{L}\p{N}]?" + UP + "+" + LOW + "*" + CONTRACTION + "?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|%s| ?[^\s\p{L}\p{N}]+" + SPACE
# Each digit apart, then gpt2, in one expression: white space ends at a digit.
STARCODER = GPT2 % r"\p{N}|\s+(?=\p{N})"
# Set, quern's pattern (none: by the file), tiktoken's (none: it has no such),
# vocabulary (none: learnt here).  First one set of each pattern.
SETS = [
    ("cl100k_base", None, CL100K % "{1,3}", "openai/cl100k_base.tiktoken"),
    ("o200k_base", None, O200K, "openai/o200k_base.tiktoken"),
    ("r50k_base", None, GPT2 % r" ?\p{N}+", "openai/r50k_base.tiktoken"),
    ("qwen2", "qwen2", CL100K % "", "tiktoken-other/qwen2.tiktoken"),
    ("starcoder", "starcoder", STARCODER, None),
    ("whitespace", "whitespace", r"\S+|\s+", None),
    ("deepseek-v3", "deepseek-v3", None, None),
    ("nanochat", "nanochat", CL100K % "{1,2}", None),
    ("llama3", None, CL100K % "{1,3}", "tiktoken-other/llama3.tiktoken"),
    ("falcon", "falcon", None, None),
    ("p50k_base", None, GPT2 % r" ?\p{N}+", "openai/p50k_base.tiktoken"),
    ("gpt2_tokenizer", None, None, "hf-json/gpt2_tokenizer.json"),
    ("gpt-neox-20B", None, None, "hf-json/gpt-neox-20B_tokenizer.json"),
    ("qwen2-nfc", None, None, "tiktoken-other/qwen2.tiktoken"),
]
PATTERNS = 7  # so many sets have each its own
TRICKY = [" ", "  ", "\n", "\r\n", "\t", "'", "'s", "'LL ", "'ve", "/", "//\n",
          "1", "1234567", "!", "(", "\u00a0", "\u3000", "\u2019", "\u017f",
          "'\u017f", "\u00e9", "E\u0301", "\u4e2d", "\U0001f600", "\u0661",
          "\x00", "\x7f", "A", "aB", "\u1e9e", "\u0130", "<|endoftext|>",
          " " * 40, "=" * 70, "a" * 90, "\u4e2d" * 30, "\n" * 9]


def read(path):
    return subprocess.run(["zstd", "-dcq", path], check=True,
                          capture_output=True).stdout


def texts_of(path):
    data = read(path)
    if ".jsonl" not in path:
        text = data.decode("utf-8", "ignore")
        yield from (text[i:i + 20000] for i in range(0, len(text), 20000))
        return
    for line in data.splitlines():
        try:
            doc = json.loads(line)
        except ValueError:
            continue
        for value in doc.values() if isinstance(doc, dict) else ():
            if isinstance(value, str) and value:
                yield value.encode("utf-8", "ignore").decode("utf-8")


def corpus(shared):
    docs = []
    for path in sorted(glob.glob(shared + "/data/*/*.zst")):
        if any(k in path for k in (".jsonl", ".txt", ".csv", ".tsv")):
            docs.extend(t[:100000] for t in texts_of(path))
    return docs


def mutate(text, rnd):
    for _ in range(rnd.choice((0, 0, 1, 5, 30))):
        at = rnd.randrange(len(text) + 1)
        what = rnd.randrange(4)
        if what < 2:
            text = text[:at] + rnd.choice(TRICKY) + text[at:]
        elif what == 2:
            text = text[:at] + text[at + rnd.randrange(9):]
        else:
            text = text[:at] + text[max(0, at - rnd.randrange(9)):]
    return text


def write_texts(path, opt):
    """A document a line, so much text that each peer gets what it is to get."""
    rnd = random.Random(opt.seed)
    docs = corpus(opt.shared)
    left = max(opt.mb, opt.hf_mb) << 20
    with open(path, "w", encoding="utf-8") as f:
        while left > 0:
            text = mutate(rnd.choice(docs), rnd)
            f.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
            left -= len(text.encode())


def batches(path, total, size=8 << 20):
    """Lists of texts, and the bytes in them, until there were total."""
    with open(path, "rb") as f:
        batch, n, done = [], 0, 0
        for line in f:
            text = json.loads(line)["text"]
            batch.append(text)
            n += len(text.encode())
            if n >= size or done + n >= total:
                yield batch, n
                done += n
                batch, n = [], 0
            if done >= total:
                return


def vocabulary(opt, name, pattern, vocab):
    """A tokenizer.json that has the pattern."""
    out = os.path.join(opt.scratch, name + ".json")
    if not vocab:
        subprocess.run([opt.quern, "tokenizer", "train", "-q", "--vocab", "30K",
                        "--pattern", pattern, "--threads", "1", "-o", out,
                        os.path.join(opt.shared, "data/books")], check=True)
        return out
    path = os.path.join(opt.scratch, os.path.basename(vocab))
    with open(path, "wb") as f:
        f.write(read(os.path.join(opt.shared, "data/tokenizer", vocab + ".zst")))
    if vocab.endswith(".json"):
        return path
    subprocess.run([opt.quern, "tokenizer", "convert", "--tokenizer", path,
                    "-q", "-o", out] +
                   (["--pattern", pattern] if pattern else []), check=True)
    return out


def peer_tiktoken(opt, name, regex, path):
    ranks = os.path.join(opt.scratch, name + ".ranks")
    subprocess.run([opt.quern, "tokenizer", "convert", "-q", "--tokenizer",
                    path, "--to", "tiktoken", "-o", ranks], check=True)
    enc = tiktoken.Encoding(name, pat_str=regex, special_tokens={},
                            mergeable_ranks=load_tiktoken_bpe(ranks))
    return lambda batch: [enc.encode_ordinary(t) for t in batch]


def peer_tokenizers(path):
    hf = tokenizers.Tokenizer.from_file(path)
    hf.encode_special_tokens = True
    return lambda batch: [x.ids for x in hf.encode_batch_fast(
        batch, add_special_tokens=False)]


def differs(name, peer, batch, want, got):
    for text, a, b in zip(batch, want, got):
        if a != b:
            print("DIFFERS: %s, %s: %r" % (name, peer, text[:200]))
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                      min(len(a), len(b)))
            print("  at token %d: %s, quern %s" % (at, a[at:at + 5],
                                                   b[at:at + 5]), flush=True)
            return 1
    return 0


def check(opt, texts, job):
    name, pattern, regex, vocab, peer, total = job
    path = vocabulary(opt, name, pattern, vocab)
    encode = (peer_tiktoken(opt, name, regex, path) if peer == "tiktoken"
              else peer_tokenizers(path))
    bad = done = tokens = 0
    start = time.process_time()
    with subprocess.Popen(
            [opt.quern, "tokenizer", "encode", "-q", "--tokenizer", path,
             "--special-in-text", "none", "--threads", "1", texts],
            stdout=subprocess.PIPE) as ours:
        for batch, n in batches(texts, total << 20):
            got = [list(map(int, line.split()))
                   for line in itertools.islice(ours.stdout, len(batch))]
            bad += len(got) != len(batch) or differs(
                name, peer, batch, encode(batch), got)
            done += n
            tokens += sum(map(len, got))
        ours.stdout.close()
    print("%-16s %-10s %5d MB %11d tokens  %d batches differ  (%d s)" % (
        name, peer, done >> 20, tokens, bad, time.process_time() - start),
        flush=True)
    return bad


def jobs(opt):
    """First each pattern against one peer, then the other, then the rest."""
    only = [x for x in opt.only.split(",") if x]
    found = []
    for sets in SETS[:PATTERNS], SETS[PATTERNS:]:
        one = [s + (("tiktoken", opt.mb) if s[2] else
                    ("tokenizers", opt.hf_mb)) for s in sets]
        found += one + [s + ("tokenizers", opt.hf_mb) for s in sets if s[2]]
    return [j for j in found if not only or j[0] in only
            or "%s:%s" % (j[0], j[4]) in only]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--shared", default="../shared")
    p.add_argument("--quern", default="build/bin/quern")
    p.add_argument("--mb", type=int, default=200)
    p.add_argument("--hf-mb", type=int, default=40)
    p.add_argument("--only", default="")
    p.add_argument("--list", action="store_true")
    p.add_argument("--done", metavar="FILE")
    p.add_argument("--texts", metavar="FILE", help="kept, and used again")
    p.add_argument("--seed", type=int, default=1)
    opt = p.parse_args()
    if opt.list:
        print("\n".join("%s:%s" % (j[0], j[4]) for j in jobs(opt)))
        return
    done = set()
    if opt.done and os.path.exists(opt.done):
        done = set(open(opt.done).read().split())
    bad = 0
    with tempfile.TemporaryDirectory() as opt.scratch:
        texts = opt.texts or os.path.join(opt.scratch, "texts.jsonl")
        if not os.path.exists(texts):
            write_texts(texts, opt)
        for job in jobs(opt):
            key = "%s:%s:%d" % (job[0], job[4], job[5])
            if key in done:
                continue
            failed = check(opt, texts, job)
            bad += failed
            if opt.done and not failed:
                with open(opt.done, "a") as f:
                    f.write(key + "\n")
    sys.exit(bad > 0)


main()
