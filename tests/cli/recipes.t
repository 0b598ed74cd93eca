#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The example recipes run, scaled down, on made-up shards, with the published
# shares.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

# Eight times one shard of 4.3M tokens stands for every source.
awk 'BEGIN { for (i = 0; i < 1000; i++) {
	s = ""
	for (j = 0; j < 210; j++) s = s "the mill grinds sack " i * j ","
	printf "{\"id\":\"d%d\",\"text\":\"%s\"}\n", i, substr(s, 1, 4300) } }' >docs.jsonl
quern tokenizer train -q --vocab 257 -o tok.json docs.jsonl
quern shard -q --tokenizer tok.json -o one docs.jsonl

set_up() { # set_up NAME SCALE: NAME.mix and the shards it names
	sed "1a scale $2" "$top/pipelines/recipes/$1.mix" >"$1.mix"
	awk '$1 == "source" { print $3 }' "$1.mix" | while read -r glob; do
		mkdir -p "${glob%/*}"
		for part in bin idx docs; do
			for i in 0 1 2 3 4 5 6 7; do
				ln -f one.$part "${glob%/*}/s$i.$part"
			done
		done
	done
}
shares() { # shares NAME PHASE: asked percents, rounded, as name:percent
	quern mix plan --format json "$1.mix" | jq -r --arg p "$2" \
		'[.phases[] | select(.name == $p) | .shares[] |
			"\(.source):\((.asked[0] / .asked[1] * 10000 | round) / 100)"] |
			join(" ")'
}

for recipe in gpt3:1e-5 llama:1e-6 codellama:1.5e-5 codellama-python:2e-5 \
	llemma:1e-6 longllama:1e-4 olmo2-anneal:7e-6; do
	name=${recipe%:*}
	set_up "$name" "${recipe#*:}"
	check "$name: check" quern mix check "$name.mix"
	check "$name: stream" quern mix stream -o rows.bin "$name.mix"
	equal "$name: every row is written" "$(wc -c <rows.bin)" \
		"$(quern mix plan --format json "$name.mix" |
			jq '[.phases[] | (.seq + 1) * 4 * ([.shares[].rows] | add)] | add')"
done

equal "gpt3: shares" "cc:59 webtext:22 books1:8 books2:8 wiki:3" \
	"$(shares gpt3 fall)"
# At full size a plan is made, too, before it is refused.
equal "gpt3: the batch grows from 16 rows to 1563" "16 1563" \
	"$(sed /^scale/d gpt3.mix >full.mix
		quern mix plan --format json full.mix 2>/dev/null |
			jq -r '.phases[0].batches | "\(.[0].rows) \(.[-1].rows)"')"
equal "gpt3: the rate" "1 0.1" "$(quern mix plan --format json gpt3.mix |
	jq -r '"\(.phases[0].lr[0]) \(.phases[1].lr[1])"')"
equal "llama: shares" "cc:67 c4:15 github:4.5 wiki:4.5 books:4.5 arxiv:2.5 stack:2" \
	"$(shares llama train)"
equal "codellama: shares" "code:85 talk:8 natural:7" "$(shares codellama code)"
equal "codellama-python: shares" "code:10 talk:10 natural:5 python:75" \
	"$(shares codellama-python python)"
equal "llemma: shares" "web:54.29 papers:27.14 algebra:13.57 pile:2 github:3" \
	"$(shares llemma train)"
equal "longllama: lengths" "2048 4096 8192" \
	"$(quern mix plan --format json longllama.mix | jq -r '[.phases[].seq] | join(" ")')"
equal "olmo2-anneal: the web at both ends" "95 47.19" \
	"$(quern mix plan --format json olmo2-anneal.mix | jq -r '.phases[1].shares[] |
		select(.source == "web") | "\(.asked[0] / .asked[1] * 100) \(.to[0] / .to[1] * 100)"')"
# Full size needs more than these shards have: refused, naming the source.
sed /^scale/d llama.mix >full.mix
exits 3 "llama at full size" quern mix check -o /dev/null full.mix
quern mix check -o /dev/null full.mix 2>full.err
check "... names the source" grep -q 'full.mix:6: source cc: the phases take' full.err
finish
