#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make gpu-check and gpu-bench run to their ends, with a card and all programs
# acted: their tables, JSON and exit status.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
mkdir -p build/bin build/bench build/tests/unit tests none
acts() { # acts FILE: a program, from stdin
	{ echo '#!/bin/sh'; cat; } >"$1"
	chmod +x "$1"
}
acts build/bin/nvidia-smi <<<'echo "A card, 570.1, 1980 MHz, 3201 MHz"'
acts build/bin/compute-sanitizer <<<'exec "$@"'
for t in train_ops train_types train_attention; do
	acts build/tests/unit/$t.t <<<'echo "ok 1 - cuda: something"'
done
for t in train-cuda train-cuda-models; do
	echo 'echo "ok 1 - $CARD_STEPS steps"' >tests/$t.t
done
check_card() { PATH=$tmp/build/bin:$PATH GPU_TESTS=$tmp/tests \
	bash "$top/tests/gpu/check.sh" build check.json; }
check "gpu-check passes" check_card
equal "four rows, all well" "4 true A card, 570.1, 1980 MHz, 3201 MHz" \
	"$(jq -r '"\(.checks | length) \([.checks[].ok] | all) \(.card)"' check.json)"
echo 'echo "1..0 # SKIP no device"' >tests/train-cuda-models.t
exits 1 "what is skipped is not well" check_card
acts build/tests/unit/train_ops.t <<<'echo "not ok 1 - cuda: add"; exit 1'
exits 1 "an operation that fails" check_card
equal "both are told" "operations against fp64
every family and option" "$(jq -r '.checks[] | select(.ok | not).check' check.json)"
acts build/bin/nvidia-smi <<<'exit 9'
exits 1 "no card" check_card

acts build/bin/nvidia-smi <<<'echo "A card, 570.1, 1980 MHz, 3201 MHz"'
acts build/bench/device <<'END'
echo '[{"op":"copy","gb_s":4300.5,"tflop_s":0,"share":1},
{"op":"product","gb_s":0,"tflop_s":788.1,"share":1},
{"op":"rmsnorm_fwd","gb_s":0,"tflop_s":0,"share":0.9},
{"op":"layernorm_bwd","gb_s":0,"tflop_s":0,"share":0.8},
{"op":"rmsnorm_bwd","gb_s":0,"tflop_s":0,"share":0.812},
{"op":"adamw","gb_s":0,"tflop_s":0,"share":0.9},
{"op":"attention_fwd","gb_s":0,"tflop_s":349.9,"share":0.5},
{"op":"attention_bwd","gb_s":0,"tflop_s":400,"share":0.5}]' >"$3"
END
acts build/bin/quern <<'END'
command=$1
while [ $# -gt 0 ]; do
	case $1 in
	--out) out=$2 ;;
	--stats) stats=$2 ;;
	--max-tokens) tokens=$2 ;;
	esac
	shift
done
case $command in
train)
	mkdir "$out"
	for i in 1 2 3 4; do echo "{\"tokens_per_s\":${i}00000}"; done \
		>"$out/log.jsonl"
	echo '{"parameters":124000000}' >"$stats"
	;;
generate) sleep 0.$((tokens / 20 + 10)) ;; # .11 and .21 seconds
esac
END
bench_card() { PATH=$tmp/build/bin:$PATH \
	bash "$top/tests/gpu/bench.sh" build bench.json; }
check "gpu-bench passes" bench_card
equal "all rows are measured" "0 20" "$(jq -r '
	"\([.table[] | select(.value == null)] | length) \(.table | length)"' \
	bench.json)"
equal "medians of the later half" 400000 \
	"$(jq '.table[] | select(.measure == "GPT-2 124M, T 1024").value' bench.json)"
acts build/bench/device <<<'exit 1'
exits 1 "a program that fails" bench_card
check "it says what wasn't measured" grep -q 'attention backward .*not measured' \
	<(bench_card 2>/dev/null)
finish
