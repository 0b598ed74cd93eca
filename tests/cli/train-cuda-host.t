#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What goes between the host and the card beside the kernels: moments that lie on
# the host, checkpoints on their way out, on the emulated card, whose copies are
# made when somebody waits for them (tests/emulate/runtime.cpp).
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
[[ ${QUERN_PLUGIN_DIR:-} == */emulated ]] ||
	{ echo "1..0 # SKIP needs the emulated card"; exit 0; }
# shellcheck source=SCRIPTDIR/../card.sh
. "$top/tests/card.sh"

same_run() { # same_run A B: weights, moments and state
	local f
	for f in model.safetensors optimizer.safetensors state.json; do
		cmp "$1/last/$f" "$2/last/$f" || return 1
	done
}
config small '"model_type":"llama","tie_word_embeddings":true'
recipe 6 >train.mix
for how in "--optimizer adamw" "--optimizer lion" "--dtype bf16"; do
	# shellcheck disable=SC2086 # options
	check "$how: on the card" run cuda "at$how" small $how --save-every 2
	# Copies as late and as early as they can be.
	for eager in "" EMULATE_EAGER=1; do
		within="env EMULATE_TELL=told.json $eager"
		rm -rf "off$how"
		# shellcheck disable=SC2086
		check "$how: on the host $eager" run cuda "off$how" small $how \
			--save-every 2 --offload optimizer
		within="env"
		check "$how: the same files" same_run "off$how" "at$how"
	done
done

# Checkpoints that are carried out while training goes on: the first of them, too.
check "saved between steps" run cuda plain small --save-every 2 --no-async-save
for step in 2 4 6; do
	check "step $step: the same bytes" cmp \
		"plain/step-0000000$step/optimizer.safetensors" \
		"at--optimizer adamw/step-0000000$step/optimizer.safetensors"
	check "step $step: the same weights" cmp \
		"plain/step-0000000$step/model.safetensors" \
		"off--optimizer adamw/step-0000000$step/model.safetensors"
done

# Killed with it, continued without, and the other way.
killed() { # killed DIR OPTIONS -- OPTIONS
	local dir=$1 first=() pid
	shift
	while [ "$1" != -- ]; do first+=("$1"); shift; done
	shift
	within="exec"
	run cuda "$dir" small --save-every 2 "${first[@]}" &
	pid=$!
	within="env"
	until [ -e "$dir/last/state.json" ] || ! kill -0 $pid 2>/dev/null; do
		sleep .05
	done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	run cuda "$dir" small --save-every 2 --resume "$@"
}
check "killed, moved to the card" killed moved --offload optimizer --
check "the same files" same_run moved "at--optimizer adamw"
check "killed, moved to the host" killed back -- --offload optimizer
check "the same files" same_run back "at--optimizer adamw"

# What is needed, with it and without.
config large '"model_type":"llama","num_hidden_layers":4,"hidden_size":64'
plan() { # plan [OPTIONS]: the bytes that a run needs
	rm -rf planned
	run cuda planned large --micro-batch 1 --stats stats.json "$@"
	jq .bytes_needed stats.json
}
recipe 1 >train.mix
with=$(plan --recompute layer --offload optimizer)
without=$(plan --recompute layer)
check "less with it" test "$with" -lt "$without"
check "the plan says where moments are" grep -q 'on the host: moments [0-9]' \
	<<<"$(quern train --config large.json --recipe train.mix --out told \
		--device cuda --offload optimizer 2>&1)"
within="env EMULATE_MEMORY=$with"
check "so much is enough" run cuda enough large --micro-batch 1 \
	--recompute layer --offload optimizer
exits 2 "not without it" run cuda none large
equal "it says what fits" \
	"--offload optimizer with --recompute layer and --micro-batch 1 fits" \
	"$(sed 's/.*; //' check.log)"
within="env EMULATE_PINNED=20000"
exits 1 "too little that can be pinned" run cuda none large --offload optimizer
equal "it says so" 1 "$(grep -c 'or the host not the [0-9.]* that the device can reach' check.log)"
within="env"
exits 2 "adafactor" run cuda none large --offload optimizer --optimizer adafactor
equal "it says why" 1 "$(grep -c 'moments of adamw and lion' check.log)"
exits 2 "the processor" run cpu none large --offload optimizer
equal "it says why" 1 "$(grep -c 'a device with a memory of its own' check.log)"

# The plan is what is asked of the card, and hardly more: 2 % of all but the 32
# MiB of the product library.
exact() { # exact NAME MODEL [OPTIONS]
	local name=$1
	within="env EMULATE_TELL=told.json"
	rm -rf planned
	check "$name" run cuda planned "$2" --stats stats.json "${@:3}"
	within="env"
	check "$name: the plan holds" jq -ne '(input.bytes_needed - 33554432) as $plan |
		(input.bytes - 33554432) as $is | if $plan >= $is and
		$plan - $is <= .02 * $is then true else "\($plan), not \($is)" |
		error end' stats.json told.json
}
config gpt2 '"model_type":"gpt2","n_embd":48,"n_head":4,"n_layer":3,
	"n_positions":64,"hidden_size":null,"intermediate_size":null,
	"num_hidden_layers":null,"num_attention_heads":null,
	"num_key_value_heads":null,"max_position_embeddings":null'
config t5 '"model_type":"quern","hidden_size":64,"num_attention_heads":1,
	"num_key_value_heads":1,"position_embedding_type":"t5",
	"relative_attention_num_buckets":8,"relative_attention_max_distance":20'
printf '%%mix 1\nseed 2\nsource text text.bin\nbatch 64\nphase only 128 %s\n' \
	"seq=64 text:100" >valid.mix
exact "llama" large
exact "llama, bf16" large --dtype bf16
exact "gpt2, bf16, muon" gpt2 --dtype bf16 --optimizer muon
exact "gpt2, adafactor" gpt2 --optimizer adafactor --micro-batch 4
exact "gpt2, offload" gpt2 --offload optimizer --recompute layer
exact "t5, fp16, longer rows in the validation" t5 --dtype fp16 --micro-batch 1 \
	--valid valid.mix

# Ways of the product library, for measuring.
recipe 2 >train.mix
check "the first of its ways" run cuda way small
for way in 0 2 7 any-order; do
	within="env QUERN_CUDA_GEMM=$way"
	check "way $way" run cuda "way-$way" small
	check "way $way: here all are one" same_weights way "way-$way"
done
within="env QUERN_CUDA_GEMM=8"
exits 1 "there is no such way" run cuda none small
within="env"
equal "it says so" 1 "$(grep -c 'QUERN_CUDA_GEMM is a number from 0 to 7' check.log)"
finish
