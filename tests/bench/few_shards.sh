# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by saving.sh and ranks.sh.
#
# few_shards DOCS VOCAB: in this folder tokenizer.json and the shards `text`, of
# so many documents of 60 made-up words and a vocabulary learned of them.
few_shards() {
	for i in $(seq "$1"); do
		printf '{"id":"%d","text":"' "$i"
		for j in $(seq 60); do printf 'w%d ' $(((i * 37 + j * j) % 997)); done
		printf '"}\n'
	done >docs.jsonl
	quern tokenizer train -q --vocab "$2" -o tokenizer.json docs.jsonl
	quern shard -q --tokenizer tokenizer.json -o text docs.jsonl
}
