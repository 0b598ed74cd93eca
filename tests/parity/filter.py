#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares quern filter's datatrove-0.10 profiles with datatrove itself.

	python3 -m venv v && v/bin/pip install datatrove==0.10.1 spacy==3.8.18 numpy
	v/bin/python tests/parity/filter.py documents.jsonl [PROFILE...]

or its fineweb-2024-04 with datatrove 0.2.0, of two days after FineWeb's release:

	python3 -m venv w && w/bin/pip install datatrove==0.2.0 nltk==3.8.1 numpy
	w/bin/pip download --no-deps llama-index-core==0.14.25
	unzip llama_index_core-*.whl '*/punkt_tab/english/*'
	PUNKT=.../punkt_tab/english w/bin/python tests/parity/filter.py \
		documents.jsonl fineweb-2024-04

Says for each profile how many documents differ in verdict, reason or text, and
how often each reason came first.  Exit status 1 if any differs.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version

from datatrove.data import Document
from datatrove.pipeline.filters import (C4QualityFilter, FineWebQualityFilter,
    GopherQualityFilter, GopherRepetitionFilter)

REASONS = {
    "dup_para_frac": "dup_paragraphs",
    "dup_para_char_frac": "dup_paragraph_chars",
    "dup_line_frac": "dup_lines", "dup_line_char_frac": "dup_line_chars",
    "empty": "empty", "gopher_short_doc": "short",
    "gopher_long_doc": "long", "gopher_below_avg_threshold": "short_words",
    "gopher_above_avg_threshold": "long_words",
    "gopher_too_many_hashes": "hashes",
    "gopher_too_many_ellipsis": "ellipses",
    "gopher_too_many_bullets": "bullet_lines",
    "gopher_too_many_end_ellipsis": "ellipsis_lines",
    "gopher_below_alpha_threshold": "alpha_words",
    "gopher_enough_stop_words": "stop_words",
    "lorem_ipsum": "lorem_ipsum", "curly_bracket": "curly_bracket",
    "too_few_sentences": "few_sentences",
    "line_punct_ratio": "end_mark_lines", "short_line_ratio": "short_lines",
    "char_dup_ratio": "dup_text_line_chars", "list_ratio": "newlines",
}
REASONS.update({f"top_{n}_gram": f"top_{n}gram" for n in range(2, 5)})
REASONS.update({f"duplicated_{n}_n_grams": f"dup_{n}gram"
                for n in range(5, 11)})



def use_punkt(folder):
    """NLTK with its model for English from the tables of later versions."""
    import nltk
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    def lines(name):
        with open(f"{folder}/{name}", encoding="utf-8") as f:
            return [x.rstrip("\n") for x in f]

    p = PunktParameters()
    p.abbrev_types = set(lines("abbrev_types.txt"))
    p.sent_starters = set(lines("sent_starters.txt"))
    p.collocations = {tuple(x.split("\t")) for x in lines("collocations.tab")}
    for x in lines("ortho_context.tab"):
        word, flags = x.split("\t")
        p.ortho_context[word] = int(flags)
    model = PunktSentenceTokenizer(p)
    nltk.tokenize.load = lambda name: model


OLD = version("datatrove") == "0.2.0"
if OLD:
    use_punkt(os.environ["PUNKT"])
repetition, quality = GopherRepetitionFilter(), GopherQualityFilter()
fineweb = FineWebQualityFilter(exclusion_writer=None)
chain = [repetition, quality, C4QualityFilter(filter_no_terminal_punct=False),
    fineweb]
PROFILES = {"fineweb-2024-04": chain} if OLD else {
    "datatrove-0.10": chain,
    "datatrove-0.10-repetition": [repetition],
    "datatrove-0.10-quality": [quality],
    "datatrove-0.10-c4": [C4QualityFilter()],
    "datatrove-0.10-fineweb": [fineweb],
}


def theirs(filters, text):
    doc = Document(text=text, id="")
    for f in filters:
        verdict = f.filter(doc)
        if verdict is True:
            continue
        reason = REASONS[verdict[1]]
        return ("no_lines" if reason == "empty" and f is fineweb else reason, "")
    return "keep", doc.text


def ours(profile, path):
    with tempfile.TemporaryDirectory() as tmp:
        kept, rejects = f"{tmp}/kept.jsonl", f"{tmp}/rejects.jsonl"
        subprocess.run(["quern", "filter", "-q", "--profile", profile, path,
            "-o", kept, "--rejects", rejects], check=True)
        got = {}
        for line in open(kept, encoding="utf-8"):
            d = json.loads(line)
            got[d["id"]] = "keep", d["text"]
        for line in open(rejects, encoding="utf-8"):
            d = json.loads(line)
            got[d["id"]] = d["metadata"]["reject"]["rule"], ""
        return got


def main(path, *profiles):
    docs = [json.loads(line) for line in open(path, encoding="utf-8")]
    bad = 0
    for profile in profiles or PROFILES:
        want = {d["id"]: theirs(PROFILES[profile], d["text"]) for d in docs}
        got = ours(profile, path)
        differ = [i for i in want if want[i] != got.get(i)]
        bad += len(differ)
        print(f"{profile}: {len(docs)} documents, {len(differ)} differ")
        first = collections.Counter(reason for reason, _ in want.values())
        print("  " + " ".join(f"{k}={n}" for k, n in first.most_common()))
        for i in differ[:10]:
            print(f"  {i}: {want[i][0]} there, {got.get(i, ['none'])[0]} here")
    return bad > 0


sys.exit(main(*sys.argv[1:]))
