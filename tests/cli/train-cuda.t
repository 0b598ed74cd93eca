#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Training, evaluation and generation on the CUDA twin against the processor:
# on a card, or on the emulated one (tests/emulate), whichever QUERN_PLUGIN_DIR
# holds.  CARD_STEPS: steps of the two curves; CARD_SANITIZER: runs training.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
steps=${CARD_STEPS:-4}

awk 'BEGIN {
	n = split("mill wheel grain water stone miller bread river", noun, " ")
	m = split("turns grinds carries warms fills", verb, " ")
	for (i = 0; i < 90; i++) {
		printf "{\"id\":\"%d\",\"text\":\"", i
		for (j = 0; j < 12; j++) {
			a = (i * 7 + j * 5) % n + 1
			printf "The %s %s the %s. ", noun[a],
			    verb[(a + j) % m + 1], noun[(a * 3 + j) % n + 1]
		}
		print "\"}"
	}
}' >docs.jsonl
quern tokenizer train --vocab 280 -o tokenizer.json docs.jsonl || exit 1
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl || exit 1
printf '%%mix 1\nseed 1\nsource text text.bin\nbatch 96\nphase only %d %s\n' \
	$((96 * steps)) "seq=24 text:100" >train.mix

llama() {
	cat <<EOT
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":280,
"hidden_size":16,"intermediate_size":40,"num_hidden_layers":2,
"num_attention_heads":4,"num_key_value_heads":2,"rms_norm_eps":1e-5,
"max_position_embeddings":64,"tie_word_embeddings":true}
EOT
}
gpt2() {
	cat <<EOT
{"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","vocab_size":280,
"n_embd":16,"n_head":4,"n_layer":2,"n_positions":64,"n_ctx":64,
"layer_norm_epsilon":1e-5,"activation_function":"gelu_new"}
EOT
}
qwen3() {
	cat <<EOT
{"architectures":["Qwen3ForCausalLM"],"model_type":"qwen3","vocab_size":280,
"hidden_size":16,"intermediate_size":40,"num_hidden_layers":2,"head_dim":8,
"num_attention_heads":4,"num_key_value_heads":2,"rms_norm_eps":1e-5,
"max_position_embeddings":64,"tie_word_embeddings":false}
EOT
}

within="env" # or exec, where the process itself is to be killed
run() { # run DEVICE DIR MODEL [OPTIONS]
	local device=$1 dir=$2 model=$3
	shift 3
	# shellcheck disable=SC2086 # a command and its options
	$within ${CARD_SANITIZER:-} quern train -q --config "$model.json" --recipe train.mix --out "$dir" \
		--tokenizer tokenizer.json --lr 1e-2 --micro-batch 2 \
		--device "$device" "$@"
}
# Losses and norms of two logs agree, step by step.  Sums of 32-bit numbers in
# another order differ by some 1e-6 and grow with each step.  The card keeps
# activations in the type of --dtype: the losses are off by less than its eps.
agree() { # agree LOG LOG [EPS]
	jq -se --slurpfile b "$2" --argjson eps "${3:-1e-3}" '
		def near(x; y): ((x - y) | fabs) <= $eps * (y | fabs);
		. as $a | length == ($b | length) and
		all(range(length); near($a[.].loss; $b[.].loss) and
		    near($a[.].grad_norm; $b[.].grad_norm))' "$1"
}

llama >probe.json
printf '%%mix 1\nseed 1\nsource text text.bin\nbatch 48\nphase only 48 %s\n' \
	"seq=24 text:100" >probe.mix
if ! quern train -q --config probe.json --recipe probe.mix --out probe \
	--device cuda 2>probe.err; then
	grep -q 'no CUDA twin\|no device\|driver' probe.err ||
		{ show probe.err; result 1 "a step on the device"; finish; }
	echo "1..0 # SKIP $(tail -n 1 probe.err)"
	exit 0
fi
for model in llama gpt2 qwen3; do
	$model >$model.json
	check "$model: on the processor" run cpu $model-cpu $model
	check "$model: on the device" run cuda $model-cuda $model
	check "$model: one curve" agree $model-cuda/log.jsonl \
		$model-cpu/log.jsonl
	check "$model: again" run cuda $model-again $model
	check "$model: the same bits" cmp \
		$model-{cuda,again}/last/model.safetensors
done
for how in "--optimizer lion" "--optimizer muon" \
	"--optimizer adafactor --momentum .5 --scale-by-rms" \
	"--label-smoothing .1 --z-loss 1e-3" "--dtype bf16" "--dtype fp16"; do
	# shellcheck disable=SC2086 # options
	check "$how: on the processor" run cpu "cpu$how" llama $how
	# shellcheck disable=SC2086
	check "$how: on the device" run cuda "cuda$how" llama $how
	eps=1e-3
	[ "$how" = "--dtype bf16" ] && eps=78125e-7
	check "$how: one curve" agree "cuda$how/log.jsonl" "cpu$how/log.jsonl" \
		$eps
done

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
check "the weights of the run left alone" cmp killed/last/model.safetensors \
	llama-cuda/last/model.safetensors

text() { # text DEVICE MODEL
	quern generate --model "$2-cpu/last" --prompt "The mill" \
		--temperature 0 --max-tokens 12 --device "$1"
}
for model in llama gpt2 qwen3; do
	equal "$model: the same text" "$(text cpu $model)" "$(text cuda $model)"
done
finish
