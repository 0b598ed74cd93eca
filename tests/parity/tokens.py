#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ids of quern against those of tiktoken and Hugging Face's tokenizers.

Documents of all corpora, in random order and partly mutated (tricky characters
put in, cut, doubled), go to each in the same run; every id is compared.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install tiktoken tokenizers
    /tmp/peers/bin/python tests/parity/tokens.py --shared ../shared --mb 1000

Exits 1 if an id differs.  --hf-mb: so much for tokenizers, which is slow.
"""
import argparse
import array
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tiktoken
import tokenizers
from tiktoken.load import load_tiktoken_bpe

TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
CL100K = (CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
UP, LOW = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (r"[^\r\n\p{L}\p{N}]?" + UP + "*" + LOW + "+" + CONTRACTION + "?|"
         r"[^\r\n\p{L}\p{N}]?" + UP + "+" + LOW + "*" + CONTRACTION + "?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)
GPT2 = (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
        r"|\s+(?!\S)|\s+")
# Vocabulary, pattern for tiktoken, and does Hugging Face's file say the same?
SETS = [
    ("openai/cl100k_base.tiktoken.zst", CL100K % "{1,3}", True),
    ("openai/o200k_base.tiktoken.zst", O200K, True),
    ("openai/r50k_base.tiktoken.zst", GPT2, True),
    ("openai/p50k_base.tiktoken.zst", GPT2, True),
    ("tiktoken-other/llama3.tiktoken.zst", CL100K % "{1,3}", True),
    ("tiktoken-other/qwen2.tiktoken.zst", CL100K % "", False),
]
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


def batches(docs, size, total, rnd):
    batch, n, done = [], 0, 0
    while done < total:
        text = mutate(rnd.choice(docs), rnd)
        if not text:
            continue
        batch.append(text)
        n += len(text.encode())
        if n >= size:
            yield batch, n
            done += n
            batch, n = [], 0


def ours(quern, tokenizer, batch):
    lines = "".join(json.dumps({"text": t}) + "\n" for t in batch).encode()
    out = subprocess.run(
        [quern, "tokenizer", "encode", "--tokenizer", tokenizer, "--format",
         "jsonl", "--from", "jsonl", "--special-in-text", "none"],
        input=lines, capture_output=True, check=True).stdout
    return [json.loads(line)["ids"] for line in out.splitlines()]


def report(name, peer, batch, want, got):
    for text, a, b in zip(batch, want, got):
        if a != b:
            print("DIFFERS: %s, %s: %r" % (name, peer, text[:200]))
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                      min(len(a), len(b)))
            print("  at token %d: %s, quern %s" % (at, a[at:at + 5],
                                                   b[at:at + 5]))
            return 1
    return 0


def check(name, vocab, pattern, hf_too, docs, opt):
    rnd = random.Random(opt.seed)
    path = os.path.join(opt.scratch, name)
    with open(path, "wb") as f:
        f.write(read(vocab))
    enc = tiktoken.Encoding(name, pat_str=pattern, special_tokens={},
                            mergeable_ranks=load_tiktoken_bpe(path))
    json_path = path + ".json"
    subprocess.run([opt.quern, "tokenizer", "convert", "--tokenizer", path,
                    "--pattern", pattern, "-o", json_path], check=True)
    hf = tokenizers.Tokenizer.from_file(json_path)
    hf.encode_special_tokens = True
    bytes_tik = bytes_hf = bad = 0
    for batch, n in batches(docs, 4 << 20, opt.mb << 20, rnd):
        got = ours(opt.quern, json_path, batch)
        want = [enc.encode_ordinary(t) for t in batch]
        bad += report(name, "tiktoken", batch, want, got)
        bytes_tik += n
        if hf_too and bytes_hf < opt.hf_mb << 20:
            want = [x.ids for x in
                    hf.encode_batch(batch, add_special_tokens=False)]
            bad += report(name, "tokenizers", batch, want, got)
            bytes_hf += n
    print("%-24s %6d MB tiktoken  %6d MB tokenizers  %d differ" % (
        name, bytes_tik >> 20, bytes_hf >> 20, bad), flush=True)
    return bad


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--shared", default="../shared")
    p.add_argument("--quern", default="build/bin/quern")
    p.add_argument("--mb", type=int, default=200)
    p.add_argument("--hf-mb", type=int, default=40)
    p.add_argument("--only", default="")
    p.add_argument("--seed", type=int, default=1)
    opt = p.parse_args()
    docs = corpus(opt.shared)
    bad = 0
    with tempfile.TemporaryDirectory() as opt.scratch:
        for vocab, pattern, hf_too in SETS:
            name = os.path.basename(vocab)[:-4]
            vocab = os.path.join(opt.shared, "data/tokenizer", vocab)
            if opt.only in name and os.path.exists(vocab):
                bad += check(name, vocab, pattern, hf_too, docs, opt)
    sys.exit(bad > 0)


main()
