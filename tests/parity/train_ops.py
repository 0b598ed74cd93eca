#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Positions, norms and families of quern train against transformers, or where
it has no such model against PyTorch as written here: logits, all gradients,
the weights after 20 steps of AdamW, in float32 as tests/parity/train.py does.

    make build/bench/train_trace
    tests/parity/train_ops.py [--steps 20] [--bench FILE] [--only NAME]
    tests/parity/train_ops.py --checkpoint DIR...    of quern train: logits

Needs torch, transformers and safetensors.  Exits 3 if a tensor is further off
than 1e-4.  Biases of queries, keys and values in one tensor are compared by
their gradient only: that of keys is 0 in part by softmax's invariance, and
AdamW makes rounding as large as any other step.  So are T5's shares, which
don't decay here, as no bias does.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import types

import numpy
import torch
import transformers
from safetensors.torch import load_file, save_file

import train

VOCAB, STD, SEQ = train.VOCAB, train.STD, train.SEQ
COMMON = {"bos_token_id": 0, "eos_token_id": 0}
SHAPE = {"vocab_size": VOCAB, "hidden_size": 96, "intermediate_size": 200,
         "num_hidden_layers": 3, "num_attention_heads": 4,
         "max_position_embeddings": 128, "initializer_range": STD}
SCALINGS = {
    "linear": {"factor": 4.0},
    "llama3": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 32},
    "yarn": {"factor": 4.0, "original_max_position_embeddings": 32},
}


class Norm(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.eps, self.mean = c["norm_eps"], c["normalization"] == "layernorm"
        self.weight = torch.nn.Parameter(torch.ones(c["hidden_size"]))
        if self.mean:
            self.bias = torch.nn.Parameter(torch.zeros(c["hidden_size"]))

    def forward(self, x):
        if self.mean:
            return torch.nn.functional.layer_norm(
                x, x.shape[-1:], self.weight, self.bias, self.eps)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) \
            * self.weight


def linear(rows, cols):
    return torch.nn.Linear(cols, rows, bias=False)


def alibi_slopes(heads):
    """Geometric for a power of two; else every other one of the next."""
    def power(n):
        return [2.0 ** (-8.0 * (i + 1) / n) for i in range(n)]
    n = 1 << (heads.bit_length() - 1)
    return (power(n) + power(2 * n)[0::2])[:heads]


def t5_buckets(seq, buckets, distance):
    """Bucket of each (query, key): exact up to half, then logarithmic."""
    n = (torch.arange(seq)[:, None] - torch.arange(seq)[None]).clamp(min=0)
    exact = buckets // 2
    far = exact + (torch.log(n.clamp(min=1).double() / exact)
                   / math.log(distance / exact) * (buckets - exact)).floor()
    far = far.clamp(max=buckets - 1).long()
    return torch.where(n < exact, n, far)


def sinusoids(seq, dim):
    at = torch.arange(seq, dtype=torch.float64)[:, None]
    angle = at / 10000 ** (torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    return torch.stack((angle.sin(), angle.cos()), -1).flatten(1)


def rotate(x, size):
    """x (B,H,T,D) by its position; size (T,D/2) multiplies."""
    half = x.shape[-1] // 2
    speed = 10000 ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.shape[2], dtype=torch.float64)[:, None] * speed
    cos, sin = ((f(angle) * size).to(x.dtype) for f in (torch.cos, torch.sin))
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Attention(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        d, self.c = c["hidden_size"], c
        self.q_proj, self.k_proj = linear(d, d), linear(d, d)
        self.v_proj, self.o_proj = linear(d, d), linear(d, d)

    def turned(self, q, k):
        half, seq = q.shape[-1] // 2, q.shape[2]
        i = torch.arange(half, dtype=torch.float64)
        at = torch.arange(seq, dtype=torch.float64)[:, None]
        if self.c["position_embedding_type"] == "xpos":
            base = (2 * i + .4 * 2 * half) / (1.4 * 2 * half)
            power = (at - self.c["max_position_embeddings"] // 2) / 512
            size = base ** power
        else:
            size = torch.ones(seq, half, dtype=torch.float64)
        return rotate(q, size), rotate(k, 1 / size)

    def forward(self, x, bias):
        b, t, d = x.shape
        heads = self.c["num_attention_heads"]
        q, k, v = (p(x).view(b, t, heads, -1).transpose(1, 2)
                   for p in (self.q_proj, self.k_proj, self.v_proj))
        if self.c["position_embedding_type"] in ("rope", "xpos"):
            q, k = self.turned(q, k)
        s = q @ k.transpose(2, 3) / math.sqrt(d // heads) + bias
        s = s.masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), -torch.inf)
        return self.o_proj((s.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d))


class Mlp(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        d, f = c["hidden_size"], c["intermediate_size"]
        self.gate_proj, self.up_proj = linear(f, d), linear(f, d)
        self.down_proj = linear(d, f)

    def forward(self, x):
        return self.down_proj(
            torch.nn.functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.place = c["norm_placement"]
        self.alpha = (2 * c["num_hidden_layers"]) ** .25 \
            if self.place == "deepnorm" else 1
        self.attn_norm, self.self_attn = Norm(c), Attention(c)
        self.mlp_norm, self.mlp = Norm(c), Mlp(c)
        if self.place == "sandwich":
            self.attn_out_norm, self.mlp_out_norm = Norm(c), Norm(c)

    def forward(self, x, bias):
        def attention(y):
            return self.self_attn(y, bias)
        if self.place == "pre":
            x = x + attention(self.attn_norm(x))
            return x + self.mlp(self.mlp_norm(x))
        if self.place == "sandwich":
            x = x + self.attn_out_norm(attention(self.attn_norm(x)))
            return x + self.mlp_out_norm(self.mlp(self.mlp_norm(x)))
        x = self.attn_norm(self.alpha * x + attention(x))
        return self.mlp_norm(self.alpha * x + self.mlp(x))


class Body(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c, d = c, c["hidden_size"]
        kind = c["position_embedding_type"]
        self.embed_tokens = torch.nn.Embedding(c["vocab_size"], d)
        if kind == "learned":
            self.embed_positions = torch.nn.Embedding(
                c["max_position_embeddings"], d)
        if kind == "t5":
            self.relative_attention_bias = torch.nn.Embedding(
                c["relative_attention_num_buckets"], c["num_attention_heads"])
        self.layers = torch.nn.ModuleList(
            Layer(c) for _ in range(c["num_hidden_layers"]))
        if c["norm_placement"] in ("pre", "sandwich"):
            self.norm = Norm(c)

    def bias(self, t, dtype):
        """Of the scores, (H,T,T)."""
        kind, heads = (self.c["position_embedding_type"],
                       self.c["num_attention_heads"])
        if kind == "alibi":
            away = (torch.arange(t)[:, None] - torch.arange(t)[None]).abs()
            return -torch.tensor(alibi_slopes(heads), dtype=dtype)[
                :, None, None] * away
        if kind == "t5":
            b = t5_buckets(t, self.c["relative_attention_num_buckets"],
                           self.c["relative_attention_max_distance"])
            return self.relative_attention_bias(b).permute(2, 0, 1)
        return torch.zeros(1, dtype=dtype)

    def forward(self, ids):
        x, t = self.embed_tokens(ids), ids.shape[1]
        if self.c["scale_embedding"]:
            x = x * math.sqrt(x.shape[-1])
        if self.c["position_embedding_type"] == "learned":
            x = x + self.embed_positions(torch.arange(t))
        if self.c["position_embedding_type"] == "sinusoidal":
            x = x + sinusoids(t, x.shape[-1]).to(x.dtype)
        bias = self.bias(t, x.dtype)
        for layer in self.layers:
            x = layer(x, bias)
        return self.norm(x) if hasattr(self, "norm") else x


class Quern(torch.nn.Module):
    """model_type quern, as quern-train(1) describes it."""

    def __init__(self, c):
        super().__init__()
        self.c = {**SHAPE, "model_type": "quern", "norm_eps": 1e-5,
                  "tie_word_embeddings": False, "normalization": "rmsnorm",
                  "norm_placement": "pre", "scale_embedding": False,
                  "position_embedding_type": "rope", **c}
        if self.c["position_embedding_type"] == "t5":
            self.c = {"relative_attention_num_buckets": 12,
                      "relative_attention_max_distance": 40, **self.c}
        self.model = Body(self.c)
        self.lm_head = linear(self.c["vocab_size"], self.c["hidden_size"])
        for p in self.parameters():
            if p.dim() > 1:
                torch.nn.init.normal_(p, std=STD)

    def forward(self, ids):
        return types.SimpleNamespace(logits=self.lm_head(self.model(ids)))

    def save_pretrained(self, folder):
        (folder / "config.json").write_text(json.dumps(self.c))
        save_file({n: p.detach().contiguous()
                   for n, p in self.named_parameters()},
                  folder / "model.safetensors")

    @staticmethod
    def from_pretrained(folder):
        model = Quern(json.loads((folder / "config.json").read_text()))
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model


def models():
    yield "bloom", transformers.BloomForCausalLM(transformers.BloomConfig(
        vocab_size=VOCAB, hidden_size=96, n_layer=3, n_head=6,
        initializer_range=STD, **COMMON))
    for parallel in True, False:
        yield "gpt_neox" + ("" if parallel else " serial"), \
            transformers.GPTNeoXForCausalLM(transformers.GPTNeoXConfig(
                use_parallel_residual=parallel, **SHAPE, **COMMON))
    for kind, scaling in SCALINGS.items():
        yield f"llama {kind}", transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                rope_parameters={"rope_type": kind, "rope_theta": 10000.0,
                                 **scaling},
                num_key_value_heads=2, **SHAPE, **COMMON))
    yield "gpt_neox linear", transformers.GPTNeoXForCausalLM(
        transformers.GPTNeoXConfig(
            rope_parameters={"rope_type": "linear", "rope_theta": 10000.0,
                             "partial_rotary_factor": 0.5, "factor": 2.0},
            **SHAPE, **COMMON))
    yield "gpt2 unscaled", transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=VOCAB, n_positions=128, n_embd=96, n_layer=3, n_head=4,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, initializer_range=STD,
        scale_attn_weights=False, **COMMON))
    for kind in "t5", "alibi", "xpos", "learned", "sinusoidal", "none":
        yield kind, Quern({"position_embedding_type": kind,
                           "scale_embedding": kind == "sinusoidal"})
    for place in "post", "sandwich", "deepnorm":
        for norm in "rmsnorm", "layernorm":
            yield f"{place} {norm}", Quern(
                {"norm_placement": place, "normalization": norm})


def gradient_only(name):
    return name.endswith(("query_key_value.bias", "c_attn.bias",
                          "relative_attention_bias.weight"))


def compare(kind, a, b):
    """Worst (error, name)."""
    # transformers 5 names NeoX's head otherwise than its files do.
    a = {n.replace("embed_out.", "lm_head."): t for n, t in a.items()}
    return max((train.error(a[n], t), n) for n, t in b.items()
               if not (kind == "weights" and gradient_only(n)))


def run(name, model, args):
    train.perturb(model)
    model.train()
    rng = numpy.random.default_rng(1)
    batches = rng.zipf(1.2, (args.steps, train.ROWS, SEQ + 1)) % VOCAB
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        model.save_pretrained(folder)
        batches.astype(numpy.uint32).tofile(folder / "tokens")
        a = train.ours(args.bench, folder, args.steps, "f32")
        b = train.theirs(model, batches, args.steps)
    failed = False
    for kind in "logits", "grads", "weights":
        x, y = ({kind: d[kind]} if kind == "logits" else d[kind]
                for d in (a, b))
        worst, tensor = compare(kind, x, y)
        print(f"{name:20} {kind:8} worst {worst:.2e} {tensor}", flush=True)
        failed |= worst > train.BOUND
    return failed


def checkpoint(folder, args):
    """Logits of what quern train wrote, as transformers loads it."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    x = numpy.random.default_rng(1).integers(
        0, model.config.vocab_size, (train.ROWS, SEQ + 1)).astype(numpy.uint32)
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp)
        x.tofile(out / "tokens")
        subprocess.run([args.bench, folder, out / "tokens", str(train.ROWS),
                        str(SEQ), "1", "f32", out], check=True,
                       stdout=subprocess.DEVNULL)
        a = numpy.fromfile(out / "logits.f32", dtype=numpy.float32)
    b = model(torch.from_numpy(x[:, :-1].astype(numpy.int64))).logits.detach()
    worst = train.error(torch.from_numpy(a).view(b.shape), b)
    print(f"{folder} as {type(model).__name__}: {worst:.2e}", flush=True)
    return worst > train.BOUND


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--bench", type=pathlib.Path,
                   default=train.ROOT / "build/bench/train_trace")
    p.add_argument("--only", help="models whose names begin so")
    p.add_argument("--checkpoint", nargs="+", type=pathlib.Path)
    args = p.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    if args.checkpoint:
        failed = [checkpoint(folder, args) for folder in args.checkpoint]
    else:
        failed = [run(name, model, args) for name, model in models()
                  if name.startswith(args.only or "")]
    sys.exit(3 if any(failed) else 0)


if __name__ == "__main__":
    main()
