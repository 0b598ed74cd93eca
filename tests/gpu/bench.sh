#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make gpu-bench: how fast is the CUDA twin on this machine's card?
#
# What the card copies and multiplies at most, each operation as a share of
# that, then tokens a second of training and decoding, on random text; last a
# table of what there are gates for.  Writes all to FILE as JSON; exits 1 if
# something didn't run.  Below ten minutes.
#
#	bench.sh BUILD FILE
set -u
build=$(cd "$1" && pwd) || exit 2
file=$(realpath -m "$2")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-gpu-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export QUERN_PLUGIN_DIR=$build/bin PATH=$build/bin:$PATH
peak=989e12 # products of bf16 a second, as the maker says: for MFU
failed=0
rows=

smi() { nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | head -n 1; }
card=$(smi name,driver_version,clocks.sm,clocks.mem)
[ -n "$card" ] || { echo "gpu-bench: no card answers (nvidia-smi)" >&2; exit 1; }
echo "$card"
start=$SECONDS

# row MEASURE VALUE UNIT GATE GOAL: for the last table; VALUE may be missing
row() {
	local value=${2:-null}
	[ "$value" != null ] || failed=1
	rows+="${rows:+,}{\"measure\":\"$1\",\"value\":$value,\"unit\":\"$3\",\"gate\":$4,\"goal\":$5}"
}
# of TYPE OPERATION FIELD: what the operation came to
of() {
	jq "map(select(.op == \"$2\"))[0].$3" "$tmp/$1.json" 2>/dev/null
}
percent() { jq -n "$1 * 1000 | round / 10" 2>/dev/null; }

for type in f32 bf16; do
	echo "== operations, $type"
	timeout 150 "$build/bench/device" cuda $type "$tmp/$type.json" || failed=1
	[ -s "$tmp/$type.json" ] || echo '[]' >"$tmp/$type.json"
done
# The kernels of any card, to set beside Hopper's own.
QUERN_CUDA_ATTENTION=mma timeout 60 "$build/bench/device" cuda bf16 \
	"$tmp/mma.json" attention_ || failed=1
[ -s "$tmp/mma.json" ] || echo '[]' >"$tmp/mma.json"
row "copy" "$(of f32 copy gb_s)" "GB/s" null null
row "product 8192^3, bf16" "$(of bf16 product tflop_s)" "TFLOP/s" null null
row "attention forward, T 4096, d 128" "$(of bf16 attention_fwd tflop_s)" \
	"TFLOP/s" 350 500
row "attention backward" "$(of bf16 attention_bwd tflop_s)" "TFLOP/s" 250 400
row "attention forward by mma.sync" "$(of mma attention_fwd tflop_s)" \
	"TFLOP/s" null null
row "attention backward by mma.sync" "$(of mma attention_bwd tflop_s)" \
	"TFLOP/s" null null
row "RMSNorm forward" "$(percent "$(of bf16 rmsnorm_fwd share)")" \
	"% of the copy" null null
row "LayerNorm backward" "$(percent "$(of bf16 layernorm_bwd share)")" \
	"% of the copy" null null
row "RMSNorm backward" "$(percent "$(of bf16 rmsnorm_bwd share)")" \
	"% of the copy" 70 85
row "AdamW" "$(percent "$(of bf16 adamw share)")" "% of the copy" 70 85

# Products as the library's first guess does them, which is what is used, against
# the fastest of its first eight, shape by shape: the worst of them.
for guess in 0 1 2 3 4 5 6 7; do
	QUERN_CUDA_GEMM=$guess timeout 60 "$build/bench/device" cuda bf16 \
		"$tmp/guess-$guess.json" matmul >/dev/null || failed=1
done
row "products, of the best algorithm" "$(jq -s 'map(map(select(.tflop_s > 0)))
	| [range(.[0] | length) as $i | .[0][$i].tflop_s / (map(.[$i].tflop_s) | max)]
	| min * 1000 | round / 10' "$tmp"/guess-?.json 2>/dev/null)" "%" 95 98

# Random words: what a step costs doesn't depend on what they say.
cd "$tmp" || exit 1
awk 'BEGIN { srand(1); for (i = 0; i < 4000; i++) {
	printf "{\"id\":\"%d\",\"text\":\"", i
	for (j = 0; j < 600; j++) {
		for (k = 0; k < 6; k++)
			printf "%c", 97 + int(rand() * 26)
		printf " "
	}
	print "\"}" } }' >docs.jsonl
quern tokenizer train -q --vocab 8192 -o tokenizer.json docs.jsonl || failed=1
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl || failed=1

# Median tokens a second of the later half of the steps.
train() { # train PRESET SEQ ROWS STEPS
	local batch=$(($2 * $3))
	printf '%%mix 1\nseed 1\nsource text text.bin epochs<=1000\nbatch %d\nphase only %d %s\n' \
		$batch $((batch * $4)) "seq=$2 text:100" >"$1.mix"
	echo "== train $1, T $2" >&2
	timeout 120 quern train --config "$1" --recipe "$1.mix" --out "$1" \
		--tokenizer tokenizer.json --micro-batch "$3" --dtype bf16 \
		--device cuda --stats "$1.json" >&2 || return
	jq -s '.[length / 2 | floor:] | map(.tokens_per_s) | sort |
		.[length / 2 | floor] | round' "$1/log.jsonl"
}
# Of a token: 6 a parameter, and 6 a layer, channel and position of attention,
# half of which is masked: as llm.c counts.
mfu() { # mfu PRESET RATE LAYERS CHANNELS SEQ
	percent "${2:-null} * 6 * ($(jq .parameters "$1.json") + $3 * $4 * $5) / $peak"
}
rate=$(train gpt2-124m 1024 32 24)
row "GPT-2 124M, T 1024" "$rate" "tokens/s" 468000 600000
row "its MFU" "$(mfu gpt2-124m "$rate" 12 768 1024)" "%" null null
rm -r gpt2-124m
row "of it without determinism" "$(percent "${rate:-null} /
	$(QUERN_CUDA_GEMM=any-order train gpt2-124m 1024 32 24)")" "%" 95 97
rate=$(train gpt2-1558m 1024 8 8)
row "GPT-2 1558M, T 1024" "$rate" "tokens/s" 46800 54000
row "its MFU" "$(mfu gpt2-1558m "$rate" 48 1600 1024)" "%" null null
rate=$(train llama-1b 4096 4 8)
row "Llama 1B, T 4096" "$rate" "tokens/s" null null
row "its MFU" "$(mfu llama-1b "$rate" 16 2048 4096)" "%" 45 52

# Seconds of generating so many tokens; the difference of two leaves out loading.
seconds() { # seconds PRESET TOKENS
	{ TIMEFORMAT=%R; time timeout 60 quern generate --model "$1/last" \
		--prompt a --max-tokens "$2" --device cuda --dtype bf16 \
		>/dev/null; } 2>&1
}
few=$(seconds llama-1b 20)
many=$(seconds llama-1b 220)
rate=$(jq -n "200 / ($many - $few)" 2>/dev/null)
row "decode, Llama 1B, bf16, batch 1" "${rate:-null}" "tokens/s" null null
# Each token reads all weights, as products find them: of 2 bytes.
row "its share of the copy's bandwidth" "$(percent "${rate:-null} * 2e-9 *
	$(jq .parameters llama-1b.json) / $(of f32 copy gb_s)")" "%" 60 84

echo "== $card, $(date -u +%F), $((SECONDS - start)) s"
jq -r '.[] | [.measure, (.value // "not measured"), .unit,
	if .gate == null then "" else "gate \(.gate), goal \(.goal): " +
		if .value == null then "?" elif .value >= .goal then "goal"
		elif .value >= .gate then "gate" else "below" end end] | @tsv' \
	<<<"[$rows]" | while IFS=$'\t' read -r measure value unit verdict; do
	printf '%-36s %12.12s %-14s %s\n' "$measure" "$value" "$unit" "$verdict"
done
jq -n --arg card "$card" --arg date "$(date -u +%F)" --argjson rows "[$rows]" \
	--slurpfile f32 f32.json --slurpfile bf16 bf16.json \
	--slurpfile mma mma.json \
	'{card: $card, date: $date, table: $rows, f32: $f32[0], bf16: $bf16[0], mma: $mma[0]}' \
	>bench.json && cp bench.json "$file" || failed=1
exit $failed
