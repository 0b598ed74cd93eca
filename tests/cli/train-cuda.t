#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Training, evaluation and generation on the CUDA twin against the processor.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
# shellcheck source=SCRIPTDIR/../card.sh
. "$top/tests/card.sh"

config llama '"model_type":"llama","tie_word_embeddings":true'
config gpt2 '"model_type":"gpt2","n_embd":16,"n_head":4,"n_layer":2,
	"n_positions":64,"hidden_size":null,"intermediate_size":null,
	"num_hidden_layers":null,"num_attention_heads":null,
	"num_key_value_heads":null,"max_position_embeddings":null'
config qwen3 '"model_type":"qwen3","head_dim":8,"tie_word_embeddings":false'
for model in llama gpt2 qwen3; do
	both $model $model
	check "$model: again" run cuda $model-again $model
	check "$model: the same bits" same_weights $model-cuda $model-again
	[ -z "${CARD_FEW:-}" ] || finish
done
while read -r name how; do
	# shellcheck disable=SC2086 # options
	both "$name" llama $how
done <<'END'
lion --optimizer lion
muon --optimizer muon
adafactor --optimizer adafactor --momentum .5 --scale-by-rms
losses --label-smoothing .1 --z-loss 1e-3 --embed-grad-scale .5
bf16 --dtype bf16
fp16 --dtype fp16
END

# Killed and continued: the weights of the run that was left alone.
killed() {
	within="exec"
	run cuda killed llama --save-every 2 &
	local pid=$!
	within="env"
	until [ -e killed/last/state.json ] || ! kill -0 $pid 2>/dev/null; do
		sleep .05
	done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	run cuda killed llama --save-every 2 --resume
}
check "killed and continued" killed
check "the weights of the run left alone" same_weights killed llama-cuda

text() { # text DEVICE MODEL [OPTIONS]
	local device=$1 model=$2
	shift 2
	quern generate --model "$model-cpu/last" --prompt "The mill" \
		--temperature 0 --max-tokens 12 --device "$device" "$@"
}
for model in llama gpt2 qwen3; do
	equal "$model: the same text" "$(text cpu $model)" "$(text cuda $model)"
done
equal "bf16: the same text" "$(text cpu llama)" "$(text cuda llama --dtype bf16)"
for how in "cpu f32" "cpu bf16" "cuda bf16" "cuda fp16"; do
	check "documents, $how" quern eval --model llama-cpu/last \
		--device "${how% *}" --dtype "${how#* }" --stats "$how.json" \
		-o documents.jsonl docs.jsonl
done
for how in "cpu bf16" "cuda bf16" "cuda fp16"; do
	check "$how: one loss" jq -se '(.[0].loss - .[1].loss | fabs) <
		78125e-7 * .[1].loss' "$how.json" "cpu f32.json"
done
finish
