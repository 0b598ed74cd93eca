#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Encoding speed of quern beside tiktoken, tokenizers and gigatoken.

Text of --mb megabytes is made by drawing documents at random from those of a
language; all run in one thread, and processor time counts.  Peers are called in
process, document by document or in a batch, as is faster; quern by its bench
(in process) and as a command.  The first pass over each distinct text, once, is
reported apart; peers get less text, since they are slower.

    python3 -m venv /tmp/peers
    /tmp/peers/bin/pip install tiktoken tokenizers gigatoken
    make build/bench/tokenizer all
    /tmp/peers/bin/python tests/parity/encode_speed.py --shared ../shared
"""
import argparse
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tiktoken
import tokenizers
from tiktoken.load import load_tiktoken_bpe

CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LANGUAGES = {
    "English": ["books/books.en.jsonl.zst", "books/botchan.en.txt.zst",
                "lm/*.zst"],
    "Chinese": ["books/classical.zh.jsonl.zst"],
    "Japanese": ["books/wagahai_neko.ja.txt.zst"],
}


def documents(shared, patterns):
    docs = []
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(shared, "data", pattern))):
            data = subprocess.run(["zstd", "-dcq", path], check=True,
                                  capture_output=True).stdout.decode()
            texts = [data]
            if ".jsonl" in path:
                texts = [json.loads(x).get("text") or ""
                         for x in data.splitlines() if x.strip()]
            for text in texts:
                docs.extend(text[i:i + 20000]
                            for i in range(0, len(text), 20000))
    return [d for d in docs if d]


def rate(work, texts):
    size = sum(len(t.encode()) for t in texts)
    start = time.process_time()
    work(texts)
    return size / (time.process_time() - start) / 1e6


def bench(opt, path):
    out = subprocess.run([opt.bench, opt.vocab, path], check=True,
                         capture_output=True, text=True).stdout
    return {m[0].strip(): float(m[1])
            for m in re.findall(r"^(.*?) +([0-9.]+) MB/s", out, re.M)}


def command(opt, path, threads):
    argv = [opt.quern, "tokenizer", "encode", "-q", "--tokenizer", opt.vocab,
            "--format", "bin", "--threads", str(threads), "-o", "/dev/null",
            path]
    wall = time.monotonic()
    child = subprocess.Popen(argv)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - wall
    if status:
        sys.exit("quern failed")
    size = os.path.getsize(path) / 1e6
    return size / (used.ru_utime + used.ru_stime), size / wall


def peers(opt, docs, rnd):
    enc = tiktoken.Encoding(
        "cl100k", pat_str=CL100K, special_tokens={},
        mergeable_ranks=load_tiktoken_bpe(opt.vocab))
    hf = tokenizers.Tokenizer.from_file(opt.json)

    def some(mb):
        texts, size = [], 0
        while size < mb << 20:
            texts.append(rnd.choice(docs))
            size += len(texts[-1].encode())
        return texts

    texts = some(opt.peer_mb)
    yield "tiktoken", max(
        rate(lambda ts: [enc.encode_ordinary(t) for t in ts], texts),
        rate(lambda ts: enc.encode_ordinary_batch(ts, num_threads=1), texts))
    texts = some(opt.hf_mb)
    yield "tokenizers", max(
        rate(lambda ts: hf.encode_batch(ts, add_special_tokens=False), texts),
        rate(lambda ts: hf.encode_batch_fast(ts, add_special_tokens=False),
             texts))
    try:
        import gigatoken
    except ImportError:
        return
    giga = gigatoken.Tokenizer(opt.json)
    texts = [t.encode() for t in some(opt.mb)]
    size, start = sum(map(len, texts)), time.process_time()
    giga.encode_batch(gigatoken.BytesSource([b"".join(texts)]),
                      parallel=False)
    yield "gigatoken", size / (time.process_time() - start) / 1e6


def measure(opt, language, docs, rnd):
    once = os.path.join(opt.tmp, "once.txt")
    many = os.path.join(opt.tmp, "many.txt")
    with open(once, "w", encoding="utf-8", newline="") as f:
        f.write("".join(docs))
    with open(many, "w", encoding="utf-8", newline="") as f:
        size = 0
        while size < opt.mb << 20:
            text = rnd.choice(docs)
            size += len(text.encode())
            f.write(text)
    first = bench(opt, once)["encoding in parts"]
    ours = bench(opt, many)["encoding in parts"]
    print("%-9s %-34s %8.1f MB/s" % (language, "quern, distinct text once",
                                     first))
    print("%-9s %-34s %8.1f MB/s" % (language, "quern, %d MB drawn" % opt.mb,
                                     ours))
    one, wall_one = command(opt, many, 1)
    _, wall_two = command(opt, many, 2)
    print("%-9s %-34s %8.1f MB/s" % (language, "quern, the command", one))
    print("%-9s %-34s %8.2f x (by the clock)" % (
        language, "two threads against one", wall_two / wall_one))
    for name, speed in peers(opt, docs, rnd):
        print("%-9s %-34s %8.1f MB/s   quern %.1f x" % (
            language, name, speed, ours / speed), flush=True)
    return ours


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--shared", default="../shared")
    p.add_argument("--quern", default="build/bin/quern")
    p.add_argument("--bench", default="build/bench/tokenizer")
    p.add_argument("--languages", default="English,Chinese,Japanese")
    p.add_argument("--mb", type=int, default=1000)
    p.add_argument("--peer-mb", type=int, default=100)
    p.add_argument("--hf-mb", type=int, default=20)
    opt = p.parse_args()
    rnd = random.Random(1)
    speeds = {}
    with tempfile.TemporaryDirectory() as opt.tmp:
        opt.vocab = os.path.join(opt.tmp, "cl100k_base.tiktoken")
        opt.json = os.path.join(opt.tmp, "cl100k.json")
        subprocess.run(
            ["zstd", "-dqf", "-o", opt.vocab, os.path.join(
                opt.shared, "data/tokenizer/openai/cl100k_base.tiktoken.zst")],
            check=True)
        subprocess.run([opt.quern, "tokenizer", "convert", "--tokenizer",
                        opt.vocab, "-o", opt.json], check=True)
        for language in opt.languages.split(","):
            docs = documents(opt.shared, LANGUAGES[language])
            speeds[language] = measure(opt, language, docs, rnd)
    for language, speed in speeds.items():
        if language != "English" and "English" in speeds:
            print("%-9s %.2f of English" % (language,
                                            speed / speeds["English"]))


main()
