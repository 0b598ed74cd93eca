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
# At full size a plan is made, too, before it is refused: what the papers tell.
full() { # full NAME: the plan of the recipe as it is published
	sed /^scale/d "$1.mix" >full.mix
	quern mix plan --format json full.mix 2>/dev/null
}
batch_at() { # batch_at NAME TOKENS...: tokens a step after so many
	full "$1" | jq -r --args '
		[.phases[] as $p | ($p.batches + [{step: ($p.first_step + $p.steps)}]) as $b |
			foreach range($b | length - 1) as $i ({at: $p.tokens_before};
				.from = .at | .at += ($b[$i + 1].step - $b[$i].step) * $b[$i].rows * $p.seq;
				{from, at, tokens: ($b[$i].rows * $p.seq), seq: $p.seq})] as $all |
		[$ARGS.positional[] | tonumber as $n |
			$all[] | select(.from <= $n and $n < .at) | "\(.tokens)/\(.seq)"] |
		join(" ")' "${@:2}"
}
# Half-way of the ramp the batch is half-way, to a row of 2048 tokens.
equal "gpt3: the batch, from 32K to 3.2M over 12B tokens" \
	"32768/2048 1615872/2048 3201024/2048 3201024/2048" \
	"$(batch_at gpt3 0 6000000000 12010000000 299000000000)"
equal "llama: 4M tokens a batch in rows of 2048" "3999744/2048 3999744/2048" \
	"$(batch_at llama 0 1390000000000)"
equal "codellama: batches of 4M, then of 2M in long rows" \
	"4001792/4096 4001792/4096 1998848/16384" \
	"$(batch_at codellama 0 499000000000 510000000000)"
equal "codellama: 10000 steps of long rows" 10000 \
	"$(full codellama | jq '.phases[-1].steps / 100 | round * 100')"
equal "codellama-python: the same behind 600B" \
	"4001792/4096 4001792/4096 1998848/16384" \
	"$(batch_at codellama-python 0 599000000000 610000000000)"
equal "olmo2-anneal: 1024 rows of 4096" "4194304/4096 4194304/4096" \
	"$(batch_at olmo2-anneal 0 3940000000000)"
equal "longllama: rows grow, the batch stays" \
	"499712/2048 499712/4096 499712/8192" \
	"$(batch_at longllama 0 2500000000 4900000000)"
equal "tokens, in billions" "300 1400 520 620 200 5 3950" "$(
	for name in gpt3 llama codellama codellama-python llemma longllama olmo2-anneal; do
		full $name | jq '.tokens / 1e9 | round'
	done | xargs)"
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
equal "olmo2-anneal: the web at both ends" "95.17 47.19" \
	"$(quern mix plan --format json olmo2-anneal.mix | jq -r '.phases[1].shares[] |
		select(.source == "web") | "\(.asked[0] / .asked[1] * 100) \(.to[0] / .to[1] * 100)"')"
# Full size needs more than these shards have: refused, naming the source.
sed /^scale/d llama.mix >full.mix
exits 3 "llama at full size" quern mix check -o /dev/null full.mix
quern mix check -o /dev/null full.mix 2>full.err
check "... names the source" grep -q 'full.mix:7: source cc: the phases take' full.err
finish
