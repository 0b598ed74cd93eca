#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# classify: labels by models of fastText; lang --model.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
models=$top/tests/models
cp "$models/soft.bin" "$models/quantised.ftz" "$models/hs.bin" .

rejects() { # rejects OPTIONS...: what is dropped, and why
	quern classify label --rejects rejects.jsonl -o kept.jsonl "$@" && cat rejects.jsonl
}

stats() { # stats OPTIONS...: the counts
	quern classify label --stats stats.json -o kept.jsonl "$@" && cat stats.json
}

cat >docs.jsonl <<END
{"id":"en","text":"The old mill by the river\\ngrinds rye.","metadata":{"url":"https://mill.example/"}}
{"id":"de","text":"Die Mühle mahlt den Weizen im Herbst"}
{"id":"fr","text":"le moulin et le meunier","metadata":{"label":"old"}}
{"id":"none","text":""}
{"id":"odd","text":"\\u0000 __label__x </s>"}
END
golden classify quern classify label --model soft.bin docs.jsonl
golden classify-hs quern classify label --model hs.bin --name kind --top 3 docs.jsonl
golden classify-ftz quern classify label --model quantised.ftz docs.jsonl
golden classify-rejects rejects --model soft.bin --keep deu_Latn,fra_Latn --min-score 0.998 docs.jsonl
golden classify-lang quern lang --model soft.bin docs.jsonl
golden classify-stats stats --model soft.bin --keep eng_Latn docs.jsonl
golden classify-unknown quern classify label --model soft.bin --keep eng_Latn,ita docs.jsonl
golden classify-lang-unknown quern lang --model soft.bin --keep it docs.jsonl
golden classify-no-model quern classify label docs.jsonl
golden classify-bad-model quern classify label --model docs.jsonl docs.jsonl
head -c 3000 soft.bin >short.bin
golden classify-short-model quern classify label --model short.bin docs.jsonl
exits 1 "no such model" quern classify label --model none.bin docs.jsonl
exits 2 "--top 0" quern classify label --model soft.bin --top 0 docs.jsonl
check "help" quern classify label -h

for _ in $(seq 400); do cat docs.jsonl; done >many.jsonl
threads "classify" quern classify label --model soft.bin --top 2 many.jsonl
threads "classify's rejects" rejects --model soft.bin --keep deu_Latn many.jsonl
threads "lang by a model" quern lang --model quantised.ftz many.jsonl

# As the fasttext program says, if there is one.
if command -v fasttext >/dev/null; then
	for m in soft.bin hs.bin quantised.ftz; do
		head -n 4 docs.jsonl | jq -r '.text | gsub("[\\n\\u0000]"; " ")' | fasttext predict "$m" - >want
		head -n 4 docs.jsonl | quern classify label --model "$m" |
			jq -r '"__label__" + .metadata.label' >got
		check "$m: fasttext's labels" cmp want got
	done
fi
finish
