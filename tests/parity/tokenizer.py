#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ids of quern against those of the libraries whose files it reads.

    python3 -m venv venv && venv/bin/pip install sentencepiece tokenizers
    venv/bin/python tests/parity/tokenizer.py [-w FOLDER] TEXT...

Trains models of many settings by sentencepiece and tokenizers on the texts, and
compares ids, decoded texts and offsets on the texts' lines, on texts made to be
difficult, and on random ones.  Exit status 1: a difference.
"""
import argparse
import json
import os
import random
import subprocess
import sys

import sentencepiece as sp
import tokenizers as hf
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

ODD = [
    "", " ", "  ", "\t", "\n", "\r\n", " \n ", "a", " a", "a ", "  a  b  ",
    "Hello,  world!", "\u2581", "\u2581\u2581a", "a\u2581b", "e\u0301te\u0301",
    "\u00e9t\u00e9", "\uff21\uff22\uff23\uff11", "\uff76\uff9e\uff8a\uff9f",
    "\u1112\u1161\u11ab", "\ud55c", "\u0130stanbul", "\u00df \u1e9e \ufb01n",
    "\u3000wide\u3000space", "\u00a0nb\u00a0sp", "zero\u200bwidth\u200djoin",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "<s>", "</s>", "<unk>", "<0x41>", "<0x0A>a", "\ufeffbom", "\ufffd",
    "\x00nul\x00", "\x01\x1f\x7f\x80\x9f", "123 4567 89.01 1e5",
    "don't we'll I'M it\u2019s", "\u4e00\u4e8c\u4e09\u6f22\u5b57\u304b\u306a",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0645\u0631\u062d\u0628\u0627",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "x" * 300, "ab" * 200,
    "\U00020000\U0002b820\U0002f800", "\u0378\u0380 unassigned \U000e0001",
    "\u2028line\u2029par\x85next", "$+<=>^`|~ !?\u00bf\u3002\uff01",
    "[CLS] the [MASK] mill [SEP]", "\u00b2\u00b3\u00bd\u2160\u2460 \u0661",
    "tab\tand\x0bvt\x0cff", "\u0300\u0301 lone marks a\u0300\u0301\u0302",
    "\u1100\u1161\u11a8\u1100", "\u0f77\u0fb2\u0f81", "\u212b\u2126\u01c5",
]


def random_texts(n, seed=7):
    rng = random.Random(seed)
    pools = [
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ  0123456789.,!?'-\n\t",
        "\u00e9\u00e8\u00df\u00fc\u00f1\u0301\u0308 \u0130\u0131\u017f",
        "\u3042\u3044\u30a2\u6f22\u5b57\u8a9e\u3002\u3001\u3000\uff21\uff41"
        "\uff76\uff9e\ud55c\u1112\u1161",
        "\u2581\u00a0\u200b\u200d\ufeff\u00ad\u2028 \r\n\x00\x07",
        "\U0001f600\U0001f468\u200d\U0001f469\u0645\u0631\u0928\u092e\u0938"
        "\u094d\u00b2\u00bd\u2460",
    ]
    out = []
    for _ in range(n):
        pick = rng.choice(pools + ["".join(pools)])
        out.append("".join(rng.choice(pick)
                           for _ in range(rng.randint(1, 60))))
    return out


class Quern:
    def __init__(self, work):
        self.work = work
        self.docs = os.path.join(work, "docs.jsonl")

    def texts(self, texts):
        with open(self.docs, "w") as f:
            for t in texts:
                f.write(json.dumps({"id": "x", "text": t}) + "\n")

    def run(self, *args):
        r = subprocess.run(["quern", "tokenizer", *args], capture_output=True)
        if r.returncode:
            sys.exit(f"quern {' '.join(args)}: {r.stderr.decode()}")
        return r.stdout

    def encode(self, path, *more):
        out = self.run("encode", "--tokenizer", path, "--format", "jsonl", "-q",
                       *more, self.docs)
        return [json.loads(line) for line in out.splitlines()]

    def decode(self, path, ids):
        name = os.path.join(self.work, "ids.jsonl")
        with open(name, "w") as f:
            for i in ids:
                f.write(json.dumps({"id": "x", "ids": i}) + "\n")
        out = self.run("decode", "--tokenizer", path, "--format", "jsonl", "-q",
                       name)
        return [json.loads(line).get("text") for line in out.splitlines()]


bad = 0


def compare(what, texts, want, have):
    global bad
    diff = [i for i in range(len(texts)) if want[i] != have[i]]
    print(f"{'ok' if not diff else 'DIFF'}\t{what}\t{len(texts)} texts"
          f"\t{len(diff)} differ")
    for i in diff[:3]:
        print(f"  {texts[i][:80]!r}\n    want {str(want[i])[:240]}"
              f"\n    have {str(have[i])[:240]}")
    bad += len(diff)


def check_spm(q, texts, work, files):
    extra = {
        "unigram": {},
        "unigram-bytes": {"byte_fallback": True, "character_coverage": 0.98},
        "unigram-identity": {"normalization_rule_name": "identity",
                             "remove_extra_whitespaces": False},
        "unigram-user": {"user_defined_symbols": ["<sep>", "the mill", "\u2581x"],
                         "add_dummy_prefix": False},
        "unigram-nfkc-cf": {"normalization_rule_name": "nfkc_cf",
                            "split_by_whitespace": False},
        "bpe": {"model_type": "bpe"},
        "bpe-llama": {"model_type": "bpe", "byte_fallback": True,
                      "split_digits": True, "character_coverage": 0.99,
                      "normalization_rule_name": "identity",
                      "remove_extra_whitespaces": False,
                      "allow_whitespace_only_pieces": True},
        "bpe-suffix": {"model_type": "bpe", "treat_whitespace_as_suffix": True},
        "bpe-user": {"model_type": "bpe", "user_defined_symbols": ["<a>", "tt"]},
    }
    for name, options in extra.items():
        prefix = os.path.join(work, name)
        if not os.path.exists(prefix + ".model"):
            sp.SentencePieceTrainer.train(
                input=files, model_prefix=prefix, vocab_size=4000,
                minloglevel=2, num_threads=2, max_sentence_length=100000,
                hard_vocab_limit=False, **options)
        s = sp.SentencePieceProcessor(model_file=prefix + ".model")
        more = [t + x for t, x in zip(texts, texts[1:])] if options else []
        used = texts + more + ["x<sep>y the mill z\u2581xa <a>ttt"]
        q.texts(used)
        have = [x["ids"] for x in q.encode(prefix + ".model")]
        want = [s.encode(t) for t in used]
        compare(f"sentencepiece {name}", used, want, have)
        back = q.decode(prefix + ".model", want)
        compare(f"sentencepiece {name} decode", used,
                [s.decode(i) for i in want], back)


def split(regex, behavior="isolated", invert=False):
    return pre_tokenizers.Split(hf.Regex(regex), behavior, invert)


def byte_level(prefix=False, regex=True):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)


def deepseek_v3():
    return pre_tokenizers.Sequence([
        split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
        split(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"
              r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"
              r"\s*[\r\n]+|\s+(?!\S)|\s+"),
        byte_level(regex=False)])


def bpe(vocab=3000, **options):
    return (models.BPE(**options),
            lambda extra: trainers.BpeTrainer(vocab_size=vocab,
                                              show_progress=False, **extra))


ALPHABET = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
ADDED = [
    hf.AddedToken("<strip>", lstrip=True, rstrip=True, normalized=False),
    hf.AddedToken("mill", single_word=True, normalized=True),
    hf.AddedToken("<N\u6f22>", normalized=True),
    hf.AddedToken("<sp>", lstrip=True, normalized=False, special=True),
]


def hf_models():
    P, N, D = pre_tokenizers, normalizers, decoders
    Seq = P.Sequence
    byte = lambda pre, norm=None, **kw: (
        *bpe(), dict(ALPHABET), norm, pre, D.ByteLevel())
    yield "bytes-deepseek-v3", byte(deepseek_v3())
    yield "bytes-starcoder", byte(
        Seq([P.Digits(individual_digits=True), byte_level()]))
    yield "bytes-falcon", byte(
        Seq([P.Punctuation("contiguous"), byte_level(), P.Digits(False),
             split("[0-9][0-9][0-9]")]))
    yield "bytes-prefix-space", byte(byte_level(prefix=True))
    yield "bytes-prefix-behind", byte(
        Seq([P.Whitespace(), byte_level(prefix=True)]))
    yield "bytes-bloom", byte(
        Seq([split(" ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"),
             byte_level(regex=False)]))
    for how in ("removed", "merged_with_previous", "merged_with_next",
                "contiguous"):
        yield f"bytes-{how}", byte(
            Seq([split(r"\d|[aeiou]", how), byte_level()]))
    yield "bytes-invert", byte(
        Seq([split(r"\w+|[^\w\s]+", "merged_with_next", True),
             P.CharDelimiterSplit("x"), byte_level()]))
    yield "bytes-nfkc-lower", byte(
        byte_level(), N.Sequence([N.NFKC(), N.Lowercase(),
                                  N.Replace(hf.Regex(" {2,}"), " "),
                                  N.Strip()]))
    llama = N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581")])
    fused = D.Sequence([D.Replace("\u2581", " "), D.ByteFallback(), D.Fuse(),
                        D.Strip(" ", 1, 0)])
    hexes = [f"<0x{i:02X}>" for i in range(256)]
    yield "chars-llama", (
        *bpe(byte_fallback=True, fuse_unk=True, unk_token="<unk>"),
        {"special_tokens": ["<unk>", "<s>", "</s>"] + hexes,
         "limit_alphabet": 200}, llama, None, fused)
    yield "chars-metaspace", (
        *bpe(unk_token="<unk>", fuse_unk=True),
        {"special_tokens": ["<unk>"], "limit_alphabet": 150}, None,
        P.Metaspace(prepend_scheme="first"), D.Metaspace())
    yield "chars-suffix", (
        *bpe(unk_token="<unk>", end_of_word_suffix="</w>"),
        {"special_tokens": ["<unk>"], "end_of_word_suffix": "</w>"},
        N.BertNormalizer(), P.BertPreTokenizer(), D.BPEDecoder())
    yield "chars-prefix", (
        *bpe(unk_token="<unk>", continuing_subword_prefix="##"),
        {"special_tokens": ["<unk>"], "continuing_subword_prefix": "##"},
        N.NFD(), P.Whitespace(), D.WordPiece())
    for name, norm in (("uncased", N.BertNormalizer()),
                       ("cased", N.BertNormalizer(lowercase=False)),
                       ("stripped", N.Sequence([N.NFD(), N.StripAccents(),
                                                N.Nmt()]))):
        yield f"wordpiece-{name}", (
            models.WordPiece(unk_token="[UNK]"),
            lambda extra: trainers.WordPieceTrainer(
                vocab_size=3000, show_progress=False, **extra),
            {"special_tokens": ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"],
             "limit_alphabet": 300},
            norm, P.BertPreTokenizer(), D.WordPiece())
    for name, pre in (
            ("always", P.Metaspace()),
            ("first", P.Metaspace(prepend_scheme="first", split=False)),
            ("words", Seq([P.WhitespaceSplit(), P.Metaspace()])),
            ("punctuation", Seq([P.Punctuation("merged_with_previous"),
                                 P.Digits(True),
                                 P.Metaspace(prepend_scheme="never")]))):
        yield f"unigram-{name}", (
            models.Unigram(),
            lambda extra: trainers.UnigramTrainer(
                vocab_size=3000, show_progress=False, unk_token="<unk>",
                **extra),
            {"special_tokens": ["<unk>", "<s>"]},
            N.Sequence([N.NFKC(), N.Replace(hf.Regex(" {2,}"), " ")]), pre,
            D.Metaspace())


def check_hf_file(q, name, path, t, used):
    q.texts(used)
    coded = t.encode_batch(used, add_special_tokens=False)
    plain = [x.ids for x in coded]
    have = q.encode(path, "--offsets", "chars")
    # What a normalizer changes has the place of all that it was made of here,
    # of a part of it there.
    if not t.normalizer or "llama" in name:
        compare(f"tokenizers {name} offsets", used,
                [x.offsets for x in coded],
                [[tuple(o) for o in x["offsets"]] for x in have])
    compare(f"tokenizers {name}", used, plain, [x["ids"] for x in have])
    # That library decodes a normalized added token as normalised.
    own = [i for i in range(len(used)) if "<N" not in used[i]
           and "mill" not in used[i]]
    back = q.decode(path, [plain[i] for i in own])
    compare(f"tokenizers {name} decode", [used[i] for i in own],
            [t.decode(plain[i], skip_special_tokens=False) for i in own], back)


def check_hf(q, texts, work, lines):
    extra = [x + m + y for x, y, m in zip(
        texts[50:], texts[200:400], ["<strip>", " mill ", "<N\u6f22> ", " <sp>",
                                     "mill", "<N\u6f22>x", " <strip>  "] * 40)]
    for name, (model, trainer, options, norm, pre, dec) in hf_models():
        path = os.path.join(work, f"hf-{name}.json")
        if not os.path.exists(path):
            t = hf.Tokenizer(model)
            if norm:
                t.normalizer = norm
            if pre:
                t.pre_tokenizer = pre
            t.decoder = dec
            t.train_from_iterator(lines[:4000], trainer(options))
            t.add_tokens(ADDED)
            t.save(path)
        t = hf.Tokenizer.from_file(path)
        check_hf_file(q, name, path, t, texts + extra)


def check_charsmap(q, texts, work):
    """The rules of SentencePiece as tokenizers reads them."""
    for name in ("unigram", "unigram-nfkc-cf"):
        m = sp.SentencePieceProcessor(
            model_file=os.path.join(work, name + ".model"))
        proto = m.serialized_model_proto()
        rules = normalizer_rules(proto)
        t = hf.Tokenizer(models.Unigram(
            [(m.id_to_piece(i), m.get_score(i))
             for i in range(m.get_piece_size())], 0, False))
        t.normalizer = normalizers.Sequence([
            normalizers.Precompiled(rules), normalizers.Strip(False, True),
            normalizers.Replace(hf.Regex(" {2,}"), "\u2581")])
        t.pre_tokenizer = pre_tokenizers.Metaspace()
        t.decoder = decoders.Metaspace()
        path = os.path.join(work, f"hf-{name}.json")
        t.save(path)
        check_hf_file(q, f"precompiled {name}", path, t, texts)


def fields(b):
    """The fields of a protocol buffer that are bytes."""
    def varint(i):
        v = n = 0
        while True:
            v |= (b[i] & 127) << n
            n += 7
            i += 1
            if b[i - 1] < 128:
                return v, i
    i = 0
    while i < len(b):
        tag, i = varint(i)
        if tag & 7 == 2:
            n, i = varint(i)
            yield tag >> 3, b[i:i + n]
            i += n
        elif tag & 7 == 0:
            i = varint(i)[1]
        else:
            i += 4 if tag & 7 == 5 else 8


def normalizer_rules(proto):
    spec = [v for k, v in fields(proto) if k == 3][0]
    return [v for k, v in fields(spec) if k == 2][0]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-w", "--work", default="/tmp/quern-parity")
    p.add_argument("--only", default="spm,hf,charsmap")
    p.add_argument("files", nargs="+")
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    q = Quern(a.work)
    lines = []
    for name in a.files:
        with open(name, encoding="utf-8") as f:
            lines += f.read().split("\n")
    random.Random(1).shuffle(lines)
    texts = ODD + random_texts(1500) + lines[:2000] + ["\n".join(lines[:300])]
    if "spm" in a.only:
        check_spm(q, texts, a.work, a.files)
    if "hf" in a.only:
        check_hf(q, texts, a.work, lines)
    if "charsmap" in a.only:
        check_charsmap(q, texts, a.work)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
