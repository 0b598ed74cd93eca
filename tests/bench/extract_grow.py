#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Grow the forests of lib/extract: forest_block.c, forest_context.c, forest_kind.c.

usage: extract_grow.py check|write FEATURES SCORER SET...

SET is a gold file with its pages beside it: aeb.gold.jsonl and aeb/ID.html
(id, text; or with/without: snippets that must and must not come out; kind).
FEATURES is the program build/bench/extract_features; SCORER the folder of
score_extract.py.  `check` prints 5-fold cross-validated scores: each page is
chosen by forests that have not seen it.  `write` grows on all pages and writes
the C tables.

forest_context is grown on what forest_block says of pages that it hasn't seen
(in `check` such as were grown without the page's fold and without the fold
that is scored), for so it will see pages later.

Pages are taken in the order of their ids' hashes: that of the sets doesn't
matter.  `check` grows 40 forests, 8 minutes of one core.  Needs numpy and
lightgbm (4.x).

Sets used: article-extraction-benchmark (MIT), trafilatura's evaluation
(Apache-2.0), WCXB development part (CC BY 4.0), magic-html's (Apache-2.0).
"""
import hashlib, itertools, math, os, re, struct, subprocess, sys, tempfile

import lightgbm
import numpy as np

N = 4  # tokens of a shingle by which blocks are found in the gold text
SHARPER = {"article": 1.3, "product": 1.3}  # select.c: sharper()
COPY = 60  # bytes of a block from which on copies are told apart
WEIGHT = {"aeb": 2.0, "trafilatura": 0.25, "wcxb": 1.0, "magic": 0.7}
KINDS = ["article", "documentation", "forum", "product", "listing", "service",
         "collection"]
PAGE, RULES = 97, 94  # FEATURES_OF_BLOCK, F_RULES
COMMON = dict(verbose=-1, seed=1, deterministic=True, force_row_wise=True,
              num_threads=1)
BLOCK = dict(COMMON, objective="cross_entropy", num_leaves=24,
             learning_rate=0.1, min_child_weight=1e-3, min_data_in_leaf=60,
             feature_fraction=0.5, bagging_fraction=0.7, bagging_freq=1,
             lambda_l2=1.0, max_bin=127)
KIND = dict(COMMON, objective="multiclass", num_class=7, num_leaves=8,
            learning_rate=0.12, min_data_in_leaf=15, feature_fraction=0.5,
            lambda_l2=2.0)
SEEDS = (1, 101)  # of forests whose mean is taken: one alone hangs on chance
TREES, KIND_TREES = 60, 25
FOLDS = range(5)
ONE = 65536  # FOREST_ONE


def pages_of(data):
    """(path, rows, texts) of what the features program printed."""
    at = 0
    while at < len(data):
        n, = struct.unpack_from("<i", data, at)
        path = data[at + 4:at + 4 + n].decode()
        blocks, width = struct.unpack_from("<ii", data, at + 4 + n)
        at += 12 + n
        rows, texts = np.empty((blocks, width), np.int32), []
        for i in range(blocks):
            rows[i] = np.frombuffer(data, "<i4", width, at)
            at += 4 * width
            m, = struct.unpack_from("<i", data, at)
            texts.append(data[at + 4:at + 4 + m].decode("utf-8", "replace"))
            at += 4 + m
        yield path, rows, texts


def by_text(texts, gold, words):
    """How much of each block stands in the gold text, and its weight.

    Long blocks are found by their shingles; short ones only where their
    neighbours leave room for them.
    """
    g = words(gold)
    where = {}
    for i in range(len(g) - N + 1):
        where.setdefault(tuple(g[i:i + N]), []).append(i)
    tokens = [words(t) for t in texts]
    y, at, last = np.full(len(texts), -1.0), np.full(len(texts), -1), 0
    for i, t in enumerate(tokens):
        if len(t) <= N:
            continue
        hits = [where.get(tuple(t[k:k + N])) for k in range(len(t) - N + 1)]
        y[i] = sum(h is not None for h in hits) / len(hits)
        if y[i] > 0.5:
            first = next(h for h in hits if h)
            at[i] = last = min(first, key=lambda x: abs(x - last))
    after, room = np.empty(len(texts), int), len(g)
    for i in reversed(range(len(texts))):
        room = at[i] if at[i] >= 0 else room
        after[i] = room
    flat, offset = " " + " ".join(g) + " ", [0]
    for w in g:
        offset.append(offset[-1] + len(w) + 1)
    before = 0
    for i, t in enumerate(tokens):
        if at[i] >= 0:
            before = at[i] + len(t)
        elif y[i] < 0 and t:
            lo, hi = max(0, before - 2), min(len(g), after[i] + 2)
            part = flat[offset[lo]:offset[hi] + 1] if hi > lo else ""
            k = part.find(" " + " ".join(t) + " ")
            y[i] = k >= 0
            if k >= 0:
                before = max(before, lo + part[:k].count(" "))
    one_of_each(tokens, texts, y, where)
    w = np.minimum(np.array([len(t) for t in tokens], float) /
                   max(60, len(g)), 1.0)
    return y, w * min(1.0, 4 / max(w.sum(), 1e-9))


def one_of_each(tokens, texts, y, where):
    """Of copies of a block, as many count as the gold text has.

    Those that stand among other content come first, then the earlier.
    """
    copies = {}
    for i, t in enumerate(tokens):
        if y[i] >= 0.5 and len(t) > N:
            copies.setdefault(tuple(t), []).append(i)
    room = np.array([min(200, len(t)) for t in texts], float)
    score = np.clip(y, 0, 1) * room
    extra = []
    for t, at in copies.items():
        if len(at) < 2 or len(texts[at[0]].encode()) < COPY:
            continue
        n = min((len(h) for h in (where.get(t[k:k + N]) for k in
                                  range(len(t) - N + 1)) if h), default=1)
        around = lambda i: sum(score[j] for j in
                               range(max(0, i - 3), min(len(y), i + 4))
                               if tuple(tokens[j]) != t)
        extra += sorted(at, key=lambda i: (-around(i), i))[n:]
    y[extra] = 0


def by_snippets(texts, wanted, unwanted):
    norm = lambda s: re.sub(r"\s+", " ", s).strip()
    texts = [norm(t) for t in texts]
    y, w = np.full(len(texts), -1.0), np.zeros(len(texts))
    for snippets, label in ((wanted, 1.0), (unwanted, 0.0)):
        for s in map(norm, snippets):
            hits = [i for i, t in enumerate(texts) if s in t]
            if label and hits:
                hits = [max(hits, key=lambda i: len(texts[i]))]
            for i in hits:
                if label or y[i] != 1.0:
                    y[i] = label
                    w[i] += 1
    return y, w


def load(program, scorer, gold_path):
    name = os.path.basename(gold_path).split(".")[0]
    folder = os.path.join(os.path.dirname(gold_path), name)
    gold = {g["id"]: g for g in scorer.load(gold_path)}
    paths = sorted(os.path.join(folder, i + ".html") for i in gold)
    pages = []
    for k in range(0, len(paths), 500):
        out = subprocess.run([program] + paths[k:k + 500], check=True,
                             stdout=subprocess.PIPE).stdout
        for path, x, texts in pages_of(out):
            g = gold[scorer.stem(path)]
            if name == "trafilatura":
                y, w = by_snippets(texts, g["with"], g["without"])
            else:
                y, w = by_text(texts, g["text"], scorer.words)
            w = np.where(y < 0, 0, w * WEIGHT[name])
            order = int(hashlib.md5(g["id"].encode()).hexdigest(), 16)
            pages.append(dict(set=name, gold=g, x=x, y=y, w=w, texts=texts,
                              order=order, fold=order % len(FOLDS),
                              path=path))
    return pages


class Mean:
    """Forests that vote with the mean of their odds."""

    def __init__(self, forests):
        self.forests = forests

    def predict(self, x):
        x = x.astype(np.float32)
        return sum(f.predict(x, raw_score=True)
                   for f in self.forests) / len(self.forests)

    def trees(self):
        return [t for f in self.forests for t in f.dump_model()["tree_info"]]


def grow_blocks(pages, x):
    """Forests on the pages' rows x, a matrix a page."""
    x = np.concatenate(x).astype(np.float32)
    y = np.concatenate([p["y"] for p in pages])
    w = np.concatenate([p["w"] for p in pages])
    m = w > 0
    return Mean([lightgbm.train(
        dict(BLOCK, seed=seed),
        lightgbm.Dataset(x[m], np.clip(y[m], 0, 1), weight=w[m]), TREES)
        for seed in SEEDS])


def first_forest(pages):
    return grow_blocks(pages, [p["x"] for p in pages])


def contexts(program, pages, odds):
    """A matrix a page: features and what the odds say of surroundings."""
    rows = []
    for k in range(0, len(pages), 500):
        some = pages[k:k + 500]
        with tempfile.NamedTemporaryFile() as f:
            for o in odds[k:k + 500]:
                f.write(np.round(o * ONE).astype("<i4").tobytes())
            f.flush()
            out = subprocess.run(
                [program, "--context", f.name] + [p["path"] for p in some],
                check=True, stdout=subprocess.PIPE).stdout
        rows += [np.concatenate([p["x"], x], 1)
                 for p, (_, x, _) in zip(some, pages_of(out))]
    return rows


def second_forest(program, pages, odds):
    return grow_blocks(pages, contexts(program, pages, odds))


def grow_kinds(pages):
    pages = [p for p in pages if p["gold"].get("kind") in KINDS
             and p["set"] == "wcxb"]
    x = np.array([p["x"][0][PAGE:] for p in pages], np.float32)
    y = np.array([KINDS.index(p["gold"]["kind"]) for p in pages])
    return lightgbm.train(KIND, lightgbm.Dataset(x, y), KIND_TREES), x, y


def chosen(page, odds, kind):
    """As select.c chooses."""
    s = 1 / (1 + np.exp(-odds * SHARPER.get(kind, 1)))
    n = np.array([len(t.encode()) for t in page["texts"]], float) + 2
    o = np.argsort(-s)
    f1 = (2 * np.cumsum(s[o] * n[o]) /
          (np.cumsum(n[o]) + (s * n).sum())).max()
    keep = s > f1 * (0.5 + 1.2 * max(0, f1 - 0.75))
    if len(s) < 25:
        keep = page["x"][:, RULES] > 0
    return "\n\n".join(t for t, k in zip(page["texts"], keep) if k)


def without(pages, folds):
    """The odds of the pages of these folds by a forest of all others."""
    forest = first_forest([p for p in pages if p["fold"] not in folds])
    return {p["path"]: forest.predict(p["x"]) for p in pages
            if p["fold"] in folds}


def check(pages, scorer, program):
    text = {}
    pair = {k: without(pages, k) for k in itertools.combinations(FOLDS, 2)}
    for f in FOLDS:
        others = [p for p in pages if p["fold"] != f]
        mine = [p for p in pages if p["fold"] == f]
        forest = second_forest(
            program, others,
            [pair[tuple(sorted((f, p["fold"])))][p["path"]] for p in others])
        kinds, odds = grow_kinds(others)[0], without(pages, (f,))
        rows = contexts(program, mine, [odds[p["path"]] for p in mine])
        for p, x in zip(mine, rows):
            odds = forest.predict(x)
            kind = kinds.predict(p["x"][:1, PAGE:].astype(np.float32))
            text[p["set"], p["gold"]["id"]] = chosen(
                p, odds, KINDS[kind[0].argmax()])
    score = dict(aeb=scorer.aeb, trafilatura=scorer.trafilatura,
                 wcxb=scorer.bag, magic=scorer.magic)
    for name in WEIGHT:
        gold = [p["gold"] for p in pages if p["set"] == name]
        if gold:
            got = {g["id"]: text[name, g["id"]] for g in gold}
            print(name, " ".join(f"{k}={v:.4f}" for k, v in
                                 score[name](gold, got).items()))


def write_forest(trees, share, name, path, classes, first):
    """share: of a leaf's value that counts."""
    nodes, leaves, roots = [], [], []

    def walk(t):
        if "split_feature" not in t:
            leaves.append(round(t["leaf_value"] * share * ONE))
            return ~(len(leaves) - 1)
        i = len(nodes)
        nodes.append(None)
        left, right = walk(t["left_child"]), walk(t["right_child"])
        at = max(-2**31, min(2**31 - 1, math.floor(t["threshold"])))
        nodes[i] = at, t["split_feature"] + first, left, right
        return i

    for t in trees:
        roots.append(walk(t["tree_structure"]))

    def rows(items, n):
        return "".join("\t" + " ".join(items[i:i + n]) + "\n"
                       for i in range(0, len(items), n))
    with open(path, "w") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n"
                "/* Written by tests/bench/extract_grow.py; see there. */\n"
                "/* clang-format off */\n#include \"extract/forest.h\"\n\n"
                "static const struct forest_node node[] = {\n" +
                rows(["{ %d, %d, { %d, %d } }," % n for n in nodes], 3) +
                "};\n\nstatic const int32_t leaf[] = {\n" +
                rows(["%d," % v for v in leaves], 8) +
                "};\n\nstatic const int16_t root[] = {\n" +
                rows(["%d," % v for v in roots], 12) + "};\n\n"
                "const struct forest %s = { node, leaf, root, %d, %d };\n"
                % (name, len(roots), classes))


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("check", "write"):
        sys.exit(__doc__)
    sys.path.insert(0, sys.argv[3])
    import score_extract as scorer
    pages = [p for s in sys.argv[4:] for p in load(sys.argv[2], scorer, s)]
    pages.sort(key=lambda p: (p["order"], p["path"]))
    if sys.argv[1] == "check":
        check(pages, scorer, sys.argv[2])
        return
    here = os.path.join(os.path.dirname(__file__), "../../lib/extract")
    c = lambda name: os.path.join(here, name + ".c")
    write_forest(first_forest(pages).trees(), 1 / len(SEEDS), "forest_block",
                 c("forest_block"), 1, 0)
    odds = {}
    for f in FOLDS:
        odds.update(without(pages, (f,)))
    second = second_forest(sys.argv[2], pages, [odds[p["path"]] for p in pages])
    write_forest(second.trees(), 1 / len(SEEDS), "forest_context",
                 c("forest_context"), 1, 0)
    write_forest(grow_kinds(pages)[0].dump_model()["tree_info"], 1,
                 "forest_kind", c("forest_kind"), len(KINDS), PAGE)


if __name__ == "__main__":
    main()
