#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# llama15m.sh DATA WORK [STEPS] [TRAIN-OPTION...]
#
# A Llama of 15 million weights on general text, books and code: a tokenizer of
# 32,000, shards, mixture, STEPS (1300) steps of 8 rows of 256 tokens, then bits
# a byte on the beginnings of documents that were kept out, a source at a time.
# DATA: a folder with lm/, books/ and code/ of *.jsonl.zst ("text") and
# *.txt.zst.  Everything goes to WORK; the run's page is WORK/report.html.
set -eu -o pipefail
[ $# -ge 2 ] || {
	sed -n '4,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
data=$1 work=$2 steps=${3:-1300}
shift $(($# > 2 ? 3 : 2))
rows=8 seq=256

texts() { # texts NAME: the documents of a source; plain files in parts
	local file
	for file in "$data/$1"/*.jsonl.zst; do
		zstd -qdc "$file" | jq -c '{text}'
	done
	for file in "$data/$1"/*.txt.zst; do
		[ -e "$file" ] || continue
		zstd -qdc "$file" | split -C 20000 --filter "jq -Rsc '{text: .}'"
	done
}

prepare() {
	local name
	for name in lm books code; do
		texts "$name" >"$work/all.jsonl"
		sed -n '7~20p' "$work/all.jsonl" |
			jq -c '{text: .text[:10000]}' >"$work/$name.valid.jsonl"
		sed '7~20d' "$work/all.jsonl" >"$work/$name.train.jsonl"
	done
	rm "$work/all.jsonl"
	quern tokenizer train --vocab 32000 -o "$work/tokenizer.json" \
		"$work"/*.train.jsonl
	for name in {lm,books,code}.{train,valid}; do
		quern shard -q --tokenizer "$work/tokenizer.json" -o "$work/$name" \
			"$work/$name.jsonl"
	done
}

recipe() { # recipe SET STEPS: half of it books, a third code, the rest general
	printf '%%mix 1\nseed 1\n'
	printf "source %s %s.$1.bin\n" lm lm books books code code
	printf 'batch %d\n' $((rows * seq))
	printf 'phase main %d seq=%d lm:15 books:50 code:35\n' \
		$((rows * seq * $2)) "$seq"
}

mkdir -p "$work"
[ -e "$work/code.valid.idx" ] || prepare
recipe train "$steps" >"$work/train.mix"
recipe valid 8 >"$work/valid.mix"
quern train --config llama-15m --recipe "$work/train.mix" --out "$work/model" \
	--valid "$work/valid.mix" --valid-every $((steps / 20 + 1)) \
	--tokenizer "$work/tokenizer.json" "$@"
quern report -o "$work/report.html" "$work/model/log.jsonl"
for name in lm books code; do
	printf '%s: ' "$name"
	quern eval --model "$work/model/last" "$work/$name.valid.jsonl" \
		2>&1 >/dev/null | tail -n 1
done
