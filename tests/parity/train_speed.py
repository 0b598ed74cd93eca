#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training steps of GPT-2 124M: ours in f32 and bf16, PyTorch's in float32, by
turns in one run.

    make build/bench/train
    tests/parity/train_speed.py [--rows 4] [--seq 64] [--rounds 5] [--steps 3]
        [--types f32,bf16]

Needs torch and transformers.  PyTorch gets its fused AdamW, and a step of both
is the same: zeroing, forward, backward, clipping by the norm, AdamW.  Prints
medians over the rounds of each round's median, by the clock and of the
processors; the latter mean something on a busy machine too.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import time

# Threads that wait sleep: spinning ones stall each other on busy processors.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2]
VOCAB = 50257


def theirs(args):
    """A function that takes a step, and returns its clock and processor s."""
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    opt = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.1,
                            fused=True)
    x = torch.randint(0, VOCAB, (args.rows, args.seq + 1))

    def step():
        wall, cpu = time.perf_counter(), time.process_time()
        opt.zero_grad()
        logits = model(x[:, :-1]).logits
        torch.nn.functional.cross_entropy(
            logits.reshape(-1, VOCAB), x[:, 1:].reshape(-1)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        return time.perf_counter() - wall, time.process_time() - cpu
    step()
    return step


def ours(args, dtype):
    out = subprocess.run([args.bench, str(args.rows), str(args.seq), dtype,
                          str(args.steps)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    m = re.search(r"([\d.]+) s a step, ([\d.]+) s of processors", out)
    return float(m[1]), float(m[2])


def median(pairs):
    return tuple(statistics.median(x) for x in zip(*pairs))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--rows", type=int, default=4)
    p.add_argument("--seq", type=int, default=64)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps", type=int, default=3)
    p.add_argument("--types", default="f32,bf16")
    p.add_argument("--bench", default=ROOT / "build/bench/train",
                   type=pathlib.Path)
    args = p.parse_args()
    types = args.types.split(",")
    took = {t: [] for t in ["torch", *types]}
    step = theirs(args)
    for _ in range(args.rounds):
        took["torch"].append(median([step() for _ in range(args.steps)]))
        for t in types:
            took[t].append(ours(args, t))
    wall, cpu = median(took["torch"])
    print(f"GPT-2 124M, B {args.rows} x T {args.seq}, "
          f"{torch.get_num_threads()} threads: torch {torch.__version__} f32 "
          f"{wall:.3f} s a step, {cpu:.3f} s of processors")
    for t in types:
        w, c = median(took[t])
        print(f"  ours {t}: {w:.3f} s, {wall / w:.2f} times as fast; "
              f"{c:.3f} s of processors, {cpu / c:.2f} times")


if __name__ == "__main__":
    main()
