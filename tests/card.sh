# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/cli/train-cuda*.t behind lib.sh: text to train on, and runs on
# the processor and on the device: a card, or the emulated one (tests/emulate),
# whichever QUERN_PLUGIN_DIR holds.
#
#	CARD_STEPS       steps of a curve
#	CARD_SANITIZER   a command that runs training
#	CARD_FEW         only the first model
steps=${CARD_STEPS:-4}

few_words 90 >docs.jsonl
quern tokenizer train -q --vocab 280 -o tokenizer.json docs.jsonl || exit 1
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl || exit 1

recipe() { # recipe STEPS [OPTIONS OF THE SOURCE]
	printf '%%mix 1\nseed 1\nsource text text.bin %s\nbatch 96\n' "${2:-}"
	printf 'phase only %d seq=24 text:100\n' $((96 * $1))
}
recipe "$steps" >train.mix

# The config of a family, its members written over those here; null: none.
config() { # config NAME [MEMBERS]
	jq -nc "{vocab_size:280,hidden_size:16,intermediate_size:40,
		num_hidden_layers:2,num_attention_heads:4,num_key_value_heads:2,
		max_position_embeddings:64} + {${2:-}} | del(.[] | nulls)" >"$1.json"
}

within="env" # or exec, where the process itself is to be killed
run() { # run DEVICE DIR MODEL [OPTIONS]
	local device=$1 dir=$2 model=$3
	shift 3
	# shellcheck disable=SC2086 # a command and its options
	$within ${CARD_SANITIZER:-} quern train -q --config "$model.json" \
		--recipe "${mix:-train.mix}" --out "$dir" --lr 1e-2 \
		--tokenizer tokenizer.json --micro-batch 2 --device "$device" "$@"
}
# Losses and norms of two logs agree, step by step.  Sums of 32-bit numbers in
# another order differ by some 1e-6 and grow with each step.
agree() { # agree LOG LOG
	jq -se --slurpfile b "$2" '
		def near(x; y): ((x - y) | fabs) <= 1e-3 * (y | fabs);
		. as $a | length == ($b | length) and length > 0 and
		all(range(length); near($a[.].loss; $b[.].loss) and
		    near($a[.].grad_norm; $b[.].grad_norm))' "$1"
}
# Of 16 bits two curves are each off that of f32: the device's by no more than
# that type's eps, or than twice what the processor's is.
near() { # near LOG LOG LOG-OF-F32 EPS
	jq -se --slurpfile b "$2" --slurpfile x "$3" --argjson eps "$4" '
		def off(a; x): (a - x) | fabs;
		def near(a; b; x): off(a; x) <=
		    ([$eps * (x | fabs), 2 * off(b; x)] | max);
		. as $a | length == ($x | length) and length > 0 and
		all(range(length); near($a[.].loss; $b[.].loss; $x[.].loss) and
		    near($a[.].grad_norm; $b[.].grad_norm; $x[.].grad_norm))' "$1"
}
same_weights() { cmp "$1/last/model.safetensors" "$2/last/model.safetensors"; }
both() { # both NAME MODEL [OPTIONS]: one curve on both; folders NAME-DEVICE
	local name=$1 model=$2
	shift 2
	check "$name: on the processor" run cpu "$name-cpu" "$model" "$@"
	check "$name: on the device" run cuda "$name-cuda" "$model" "$@"
	if [[ $* != *"--dtype bf16"* ]]; then
		check "$name: one curve" agree "$name-cuda/log.jsonl" \
			"$name-cpu/log.jsonl"
		return
	fi
	check "$name: f32" run cpu "$name-f32" "$model" "$@" --dtype f32
	check "$name: one curve" near "$name-cuda/log.jsonl" \
		"$name-cpu/log.jsonl" "$name-f32/log.jsonl" 78125e-7
}

# Skips the file where no device is; anything else that goes wrong is a failure.
config probe '"model_type":"llama","tie_word_embeddings":true'
recipe 1 >probe.mix
mix=probe.mix
if ! run cuda probe probe 2>probe.err; then
	grep -q 'no CUDA twin\|no device\|driver' probe.err ||
		{ show probe.err; result 1 "a step on the device"; finish; }
	echo "1..0 # SKIP $(tail -n 1 probe.err)"
	exit 0
fi
unset mix
