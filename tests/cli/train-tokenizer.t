#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pipelines/train-tokenizer.sh: documents to a tokenizer and a table.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
PATH=${QUERN_BIN:-$top/build/bin}:$PATH
run() { "$top/pipelines/train-tokenizer.sh" -t 2 "$@"; }

for i in $(seq 200); do
	printf '{"id":"e%d","text":"the mill number %d stands by the river","metadata":{"language":"en"}}\n' "$i" "$i"
	[ $((i % 10)) -gt 0 ] ||
		printf '{"id":"d%d","text":"die M\\u00fchle %d steht am Fluss","metadata":{"language":"de"}}\n' "$i" "$i"
done >docs.jsonl
check "it runs" run -w a --no-lang --vocab 400 --size 4K docs.jsonl
equal "languages are balanced" "en 200 de 20" \
	"$(sed 1d a/languages.tsv | cut -f1,2 | tr '\t' ' ' | paste -sd ' ')"
check "the rare one has more than its share" awk -F '\t' '
	$1 == "en" { e = $5 / $3 } $1 == "de" { d = $5 / $3 }
	END { exit !(d > 2 * e && e > 0) }' a/languages.tsv
check "the sample is as large as asked for" test \
	"$(zstd -dqc a/sample.jsonl.zst | jq -j .text | wc -c)" -lt 4400
equal "each 20th document is held out" 11 \
	"$(zstd -dqc a/held.jsonl.zst | wc -l)"
check "the table has languages" grep -q '^language	de	' a/compare.tsv
equal "the tokenizer is as large as asked for" true \
	"$(jq '.model.vocab | length <= 400' a/tokenizer.json)"
check "again, beside another, with languages found" run -w b --vocab 300 \
	--alpha 1 --model unigram --against a/tokenizer.json docs.jsonl
equal "two tokenizers are compared" 2 "$(jq '.tokenizers | length' b/compare.json)"
check "the same again" run -w c --no-lang --vocab 400 --size 4K docs.jsonl
check "is the same" cmp a/tokenizer.json c/tokenizer.json
check "into a folder with an odd name" run -w 'a=b "$c"' --no-lang --vocab 400 \
	--size 4K docs.jsonl
check "is the same, too" cmp a/languages.tsv 'a=b "$c"/languages.tsv'
exits 2 "no documents" run -w d
exits 2 "no such option" run --vocabulary 3 docs.jsonl
exits 2 "no size" run --size many docs.jsonl
exits 1 "no such file" run -w d nowhere.jsonl
check "nothing is left behind" test -z "$(find . -name '.part*')"
finish
