#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make gpu-bench: how fast is the CUDA twin on this machine's card?
#
# What the card copies and multiplies at most, each operation as a share of
# that, then tokens a second of training and decoding, on random text.  Writes
# the tables to FILE as JSON.
#
#	bench.sh BUILD FILE
set -eu
build=$(cd "$1" && pwd)
file=$2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-gpu-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export QUERN_PLUGIN_DIR=$build/bin PATH=$build/bin:$PATH
card=$(nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem \
	--format=csv,noheader 2>/dev/null | head -n 1) || true
[ -n "$card" ] || { echo "gpu-bench: no card answers (nvidia-smi)" >&2; exit 1; }
echo "$card"
for type in f32 bf16; do
	echo "$type"
	"$build/bench/device" cuda $type "$tmp/$type.json"
done

# Random words: what a step costs doesn't depend on what they say.
cd "$tmp"
awk 'BEGIN { srand(1); for (i = 0; i < 4000; i++) {
	printf "{\"id\":\"%d\",\"text\":\"", i
	for (j = 0; j < 600; j++) {
		for (k = 0; k < 6; k++)
			printf "%c", 97 + int(rand() * 26)
		printf " "
	}
	print "\"}" } }' >docs.jsonl
quern tokenizer train -q --vocab 8192 -o tokenizer.json docs.jsonl
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl
rows=
train() { # train PRESET SEQ ROWS STEPS
	local batch=$(($2 * $3)) rate
	printf '%%mix 1\nseed 1\nsource text text.bin epochs<=1000\nbatch %d\nphase only %d %s\n' \
		$batch $((batch * $4)) "seq=$2 text:100" >"$1.mix"
	quern train -q --config "$1" --recipe "$1.mix" --out "$1" \
		--micro-batch "$3" --dtype bf16 --device cuda || return
	rate=$(jq -s '.[length / 2 | floor:] | map(.tokens_per_s) | sort |
		.[length / 2 | floor]' "$1/log.jsonl")
	printf 'train %-16s T %-5d %12.0f tokens/s\n' "$1" "$2" "$rate"
	rows+="${rows:+,}{\"train\":\"$1\",\"seq\":$2,\"tokens_s\":$rate}"
}
decode() { # decode PRESET TOKENS
	local seconds
	seconds=$({ TIMEFORMAT=%R; time quern generate --model "$1/last" \
		--prompt a --max-tokens "$2" --device cuda >/dev/null; } 2>&1)
	printf 'decode %-15s %18.1f tokens/s, loading counted\n' "$1" \
		"$(jq -n "$2 / $seconds")"
	rows+=",{\"decode\":\"$1\",\"tokens\":$2,\"seconds\":$seconds}"
}
train gpt2-124m 1024 32 20
decode gpt2-124m 500
train gpt2-1558m 1024 8 6
train llama-1b 4096 4 6
printf '{"card":"%s","date":"%s","f32":%s,"bf16":%s,"runs":[%s]}\n' "$card" \
	"$(date -u +%F)" "$(cat "$tmp/f32.json")" "$(cat "$tmp/bf16.json")" "$rows" >"$file"
