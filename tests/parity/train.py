#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small GPT-2, Llama and Qwen 3 models against transformers on the same
weights: logits, all gradients, the weights after 20 steps of AdamW, or of
Adafactor as transformers has it (a running mean of steps, weight decay) or as
torch has it (learning rates by the weights' root mean square).

    make build/bench/train_trace
    tests/parity/train.py [--dtype f32|bf16|fp16] [--steps 20] [--bench FILE]
        [--optimizer adamw|adafactor|adafactor-rms]

Needs torch, transformers and safetensors.  The error of a tensor is
norm(a - b) / norm(b), b transformers' in float32; beside it stands the error of
both against transformers in float64.  The gradient of a key bias is 0 by
softmax's invariance: what is computed is rounding, which AdamW makes as large
as any other step, so it must be within 1e-6 of its layer's and its weights are
not compared.  Adafactor limits the step of a tensor by what all of it would
move, so GPT-2's joined bias, a third of which is such noise, is told but not
judged: torch in float32 is as far from float64.  Exits 3 if a tensor is further off than 1e-4 (f32; the other
types only report).
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

# Threads that wait sleep: spinning ones stall each other on busy processors.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy
import torch
import transformers
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS, SEQ, VOCAB = 4, 64, 1000
LR, BETAS, EPS, DECAY, CLIP = 1e-3, (0.9, 0.95), 1e-8, 0.1, 1.0
BOUND, ZERO_BOUND = 1e-4, 1e-6
# A small model's first norms are of noise unless its weights are larger.
STD = 0.05


def models():
    common = {"bos_token_id": 0, "eos_token_id": 0}
    yield "gpt2", transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=VOCAB, n_positions=128, n_embd=128, n_layer=4, n_head=4,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, initializer_range=STD,
        **common))
    shape = {"vocab_size": VOCAB, "hidden_size": 128,
             "intermediate_size": 352, "num_hidden_layers": 4,
             "num_attention_heads": 4, "num_key_value_heads": 2,
             "max_position_embeddings": 128, "initializer_range": STD}
    for tied in False, True:
        yield f"llama{' tied' if tied else ''}", transformers.LlamaForCausalLM(
            transformers.LlamaConfig(tie_word_embeddings=tied, **shape,
                                     **common))
    yield "qwen3", transformers.Qwen3ForCausalLM(transformers.Qwen3Config(
        head_dim=32, tie_word_embeddings=True, **shape, **common))


def perturb(model):
    """Norms and biases away from 1 and 0, so that they matter."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 1:
                p.add_(torch.randn_like(p) * 0.1)


def optimizer(model, name):
    """Norms and biases don't decay."""
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1],
         "weight_decay": DECAY},
        {"params": [p for p in model.parameters() if p.dim() == 1],
         "weight_decay": 0}]
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=LR, betas=BETAS, eps=EPS)
    if name == "adafactor":
        return transformers.optimization.Adafactor(
            groups, lr=LR, beta1=0.9, scale_parameter=False,
            relative_step=False)
    # torch takes the weights' size after their decay, all others before: so
    # without.  Its eps is a least value, and by default not a small one.
    return torch.optim.Adafactor(
        [p for p in model.parameters()], lr=1e-2, eps=(1e-15, 1e-3))


def theirs(model, batches, steps, name):
    """Logits and gradients of the first batch, weights after the steps."""
    opt = optimizer(model, name)
    out = {}
    for i in range(steps):
        x = torch.from_numpy(batches[i].astype(numpy.int64))
        logits = model(x[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), x[:, 1:].reshape(-1))
        opt.zero_grad()
        loss.backward()
        if i == 0:
            out["logits"] = logits.detach().clone()
            out["grads"] = {n: p.grad.clone()
                            for n, p in model.named_parameters()}
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        opt.step()
    out["weights"] = {n: p.detach().clone()
                      for n, p in model.named_parameters()}
    return out


def ours(bench, folder, steps, dtype, name):
    out = folder / "out"
    out.mkdir(exist_ok=True)
    subprocess.run([bench, folder, folder / "tokens", str(ROWS), str(SEQ),
                    str(steps), dtype, out, name], check=True,
                   stdout=subprocess.DEVNULL)
    logits = numpy.fromfile(out / "logits.f32", dtype=numpy.float32)
    return {"logits": torch.from_numpy(logits).view(ROWS, SEQ, -1),
            "grads": load_file(out / "grads.safetensors"),
            "weights": load_file(out / "weights.safetensors")}


def parts(tensors):
    """Tensors by name; a bias of q, k and v together as three."""
    for name, t in sorted(tensors.items()):
        if name.endswith("c_attn.bias"):
            for part, x in zip("qkv", t.chunk(3)):
                yield f"{name}.{part}", x
        else:
            yield name, t


def error(a, b):
    a, b = a.double(), b.double()
    return ((a - b).norm() / b.norm()).item()


def layer_of(name):
    return name.split(".mlp.")[0].split(".attn.")[0].split(".ln_")[0]


def zero_by_nature(name):
    return name.endswith("c_attn.bias.k") or name.endswith("k_proj.bias")


def layer_norm(name, tensors):
    """Of all gradients of the layer that the tensor is in."""
    layer = layer_of(name) + "."
    return torch.stack([t.double().norm() for n, t in tensors.items()
                        if n.startswith(layer)]).norm().item()


def noisy(name, kind, optimizer):
    return (kind == "weights" and optimizer.startswith("adafactor") and
            "c_attn.bias" in name)


def compare(kind, a, b, exact, optimizer):
    """Worst (error, name); key biases only against their layer."""
    worst, bad = (0, "", 0, 0), []
    mine, wide = dict(parts(a)), dict(parts(exact))
    for name, t in parts(b):
        if zero_by_nature(name):
            if kind == "grads":
                share = mine[name].norm().item() / layer_norm(name, a)
                if share > ZERO_BOUND:
                    bad.append(f"{name}: {share:.2g} of its layer's gradient")
            continue
        e = error(mine[name], t)
        if noisy(name, kind, optimizer):
            print(f"  {name}: {e:.2g}; against float64: "
                  f"{error(mine[name], wide[name]):.2g}, torch "
                  f"{error(t, wide[name]):.2g}")
            continue
        worst = max(worst, (e, name, error(mine[name], wide[name]),
                            error(t, wide[name])))
        if e > BOUND:
            bad.append(f"{name}: {e:.2g}")
    return worst, bad


def run(name, model, args):
    perturb(model)
    rng = numpy.random.default_rng(1)
    # Like text: some tokens are frequent, some never occur.
    batches = rng.zipf(1.2, (args.steps, ROWS, SEQ + 1)) % VOCAB
    failed = False
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        model.save_pretrained(folder)
        batches.astype(numpy.uint32).tofile(folder / "tokens")
        a = ours(args.bench, folder, args.steps, args.dtype,
                 args.optimizer)
        wide = type(model).from_pretrained(folder).double().train()
    b = theirs(model.train(), batches, args.steps, args.optimizer)
    exact = theirs(wide, batches, args.steps, args.optimizer)
    for kind in "logits", "grads", "weights":
        x = [{kind: d[kind]} if kind == "logits" else d[kind]
             for d in (a, b, exact)]
        (e, tensor, mine, torchs), bad = compare(kind, *x, args.optimizer)
        print(f"{name:12} {kind:8} worst {e:.2e} {tensor}; against float64: "
              f"{mine:.2e}, torch {torchs:.2e}", flush=True)
        for line in bad if args.dtype == "f32" else []:
            print(f"  beyond {BOUND:g}: {line}")
            failed = True
    return failed


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--dtype", default="f32", choices=["f32", "bf16", "fp16"])
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--optimizer", default="adamw",
                   choices=["adamw", "adafactor", "adafactor-rms"])
    p.add_argument("--bench", default=ROOT / "build/bench/train_trace",
                   type=pathlib.Path)
    args = p.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    failed = [run(name, model, args) for name, model in models()]
    sys.exit(3 if any(failed) else 0)


if __name__ == "__main__":
    main()
