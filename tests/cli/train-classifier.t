#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pipelines/train-classifier.sh on made-up kinds of text.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
script=$top/pipelines/train-classifier.sh

for i in $(seq 120); do
	echo "{\"text\":\"The mill of the valley number $i grinds the rye of its farmers, and the miller keeps the books of each year.\"}"
done >good.jsonl
for i in $(seq 120); do
	echo "{\"text\":\"BUY NOW $i !!! click here, best price, free shipping, sign up, click click \"}"
done >crawl.jsonl
# A copy must not stand on both sides.
for _ in 1 2 3; do head -n 60 good.jsonl; done >>good.jsonl
small=(--dim 8 --bucket 1000 --threads 1)

quality() {
	"$script" -w q --preset quality --words 10 "${small[@]}" --class good=good.jsonl \
		--class crawl=crawl.jsonl
}
check "the recipe for quality runs" quality
equal "each third of a kept-out document is told" "right 60 1.0000" \
	"$(awk '$1 == "right" { print $1, $2, $3 }' q/table.txt)"
equal "one line a kind" "crawl good" "$(awk '$1 ~ /^(good|crawl)$/ { print $1 }' q/table.txt | xargs)"
equal "what was kept out was not trained on" 0 "$(comm -12 <(zstdcat q/train.jsonl.zst | jq .text | sort -u) \
	<(zstdcat q/held.jsonl.zst | jq .text | sort -u) | grep -c 'number')"
check "its model labels" quern classify label --model q/model.bin --keep good good.jsonl
mv q first
quality >/dev/null
check "a second run gives the same model" cmp first/model.bin q/model.bin

{ jq -c '.metadata.class = "neither"' good.jsonl; jq -c '.metadata.class = "toxic"' crawl.jsonl; } >both.jsonl
check "the recipe for toxicity runs" "$script" -w t --preset toxicity --label class "${small[@]}" both.jsonl
equal "whose documents are told" 1.0000 "$(awk '$1 == "right" { print $3 }' t/table.txt)"

exits 2 "no documents" "$script"
exits 2 "no such preset" "$script" --preset best both.jsonl
exits 2 "no name" "$script" --class good.jsonl
exits 2 "both ways" "$script" --class a=good.jsonl both.jsonl
exits 1 "no such file" "$script" --class a=none.jsonl
exits 1 "no labels" "$script" -w n good.jsonl
check "help" "$script" -h
finish
