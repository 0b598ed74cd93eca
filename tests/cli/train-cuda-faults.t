#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What can be wrong with a card, by the emulated one (tests/emulate/runtime.cpp):
# one clear line, the last checkpoint whole, the processor still at hand.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
[[ ${QUERN_PLUGIN_DIR:-} == */emulated ]] ||
	{ echo "1..0 # SKIP needs the emulated card"; exit 0; }
# shellcheck source=SCRIPTDIR/../card.sh
. "$top/tests/card.sh"

ours() { # ours COMMAND...: a version of ours is this one
	local rc=0
	"$@" 2>ours.err || rc=$?
	sed 's/this is [0-9]*/this is OURS/' ours.err >&2
	return $rc
}
refused() { # refused NAME VARIABLE...: the one line it says, no folder
	local name=$1
	shift
	within="env $*"
	golden "train-cuda-$name" ours run cuda none probe
	within="env"
	check "$name: no folder" test ! -e none
}
refused driver EMULATE_DEVICES=old
refused device EMULATE_DEVICES=0
refused older EMULATE_CAPABILITY=7.5
refused code EMULATE_NO_CODE=1
refused first EMULATE_FAIL=1
refused memory EMULATE_MEMORY=20000000
golden train-cuda-eval env EMULATE_MEMORY=20000000 quern eval \
	--model probe/last --device cuda docs.jsonl
golden train-cuda-generate env EMULATE_DEVICES=0 quern generate \
	--model probe/last --prompt The --device cuda

# A plugin that isn't there, of another version, none at all.
mkdir plugin
refused absent QUERN_PLUGIN_DIR=plugin
printf 'int quern_ops_version = 1; void quern_ops_cuda(void) { }\n' >other.c
cc -shared -fPIC -o plugin/quern-cuda.so other.c
refused version QUERN_PLUGIN_DIR=plugin
printf 'int quern_ops_version = 1;\n' >other.c
cc -shared -fPIC -o plugin/quern-cuda.so other.c
refused stranger QUERN_PLUGIN_DIR=plugin
head -c 5000 docs.jsonl >plugin/quern-cuda.so
refused noise QUERN_PLUGIN_DIR=plugin

# The plan is what the card is asked for: not a byte more.
config large '"model_type":"llama","num_hidden_layers":4,"hidden_size":64'
plan() { # plan [OPTIONS]: the bytes that a run needs
	rm -rf planned
	run cuda planned large --micro-batch 4 --stats stats.json "$@"
	jq .bytes_needed stats.json
}
most=$(plan)
check "the plan names the card's memory" grep -q 'needs .* has 409[0-9]\.' \
	<<<"$(quern train --config large.json --recipe probe.mix --out told \
		--device cuda 2>&1)"
within="env EMULATE_MEMORY=$most"
check "so much is enough" run cuda enough large --micro-batch 4
within="env EMULATE_MEMORY=$((most - 1))"
exits 2 "a byte less isn't" run cuda none large --micro-batch 4
# What fits is said with the refusal.
within="env"
half=$(plan --micro-batch 2)
within="env EMULATE_MEMORY=$half"
exits 2 "half of it" run cuda none large --micro-batch 4
equal "it says what fits" "--micro-batch 2 fits" "$(sed 's/.*; //' check.log)"
within="env"
least=$(plan --recompute layer --micro-batch 1)
within="env EMULATE_MEMORY=$least"
exits 2 "less still" run cuda none large --micro-batch 4
equal "to recompute, too" "--recompute layer with --micro-batch" \
	"$(sed 's/.*; //; s/ [0-9]* fits//' check.log)"
within="env EMULATE_MEMORY=$((least / 2))"
exits 2 "too little for anything" run cuda none large --micro-batch 4
equal "it says that" 1 "$(grep -c 'needs .* still: a smaller model' check.log)"
within="env"
exits 2 "what --memory allows is the less" run cuda none large --micro-batch 4 \
	--memory $((most - 1))
equal "it says that, too" 1 "$(grep -c 'the cuda device may use ' check.log)"

# Passes are recorded from the second time on, and played: the same bits as those
# done one kernel after the other, what changes from step to step included.
recipe 3 >train.mix
for how in "" "--dropout .2 --attention-dropout .2 --embedding-dropout .1" \
	"--dtype fp16 --recompute act"; do
	within="env EMULATE_TELL=told.json"
	# shellcheck disable=SC2086 # options
	check "recorded ${how:-passes}" run cuda "played$how" probe $how
	equal "all but the first of each kind" "2 4 0" \
		"$(jq -r '"\(.captures) \(.plays) \(.spoilt)"' told.json)"
	within="env EMULATE_NO_CAPTURE=1 EMULATE_TELL=told.json"
	# shellcheck disable=SC2086
	check "a card that records nothing" run cuda "plain$how" probe $how
	equal "plays nothing" "0 0" "$(jq -r '"\(.captures) \(.plays)"' told.json)"
	within="env"
	check "the same bits" same_weights "played$how" "plain$how"
done
# Rows of another length want more scratch memory: what was recorded is recorded
# anew, since it writes where that was.
printf '%%mix 1\nseed 2\nsource text text.bin\nbatch 64\nphase only 128 %s\n' \
	"seq=64 text:100" >valid.mix
for how in played plain; do
	within="env EMULATE_TELL=told.json"
	[ $how = played ] || within="env EMULATE_NO_CAPTURE=1"
	check "$how, validated" run cuda valid-$how probe --micro-batch 1 \
		--dtype bf16 --valid valid.mix --valid-every 1
done
within="env"
check "the same bits" same_weights valid-played valid-plain
equal "nothing was asked for that a recording forbids" 0 "$(jq .spoilt told.json)"

# An error in mid-step.
recipe 6 >train.mix
within="env EMULATE_TELL=told.json"
check "a run left alone" run cuda alone probe --save-every 2
within="env EMULATE_FAIL=$(jq '.launches * 11 / 12 | floor' told.json)"
exits 1 "the device fails in mid-step" run cuda broken probe --save-every 2
within="env"
equal "it says where, and from where to go on" \
	"quern train: step 6: cuda: an illegal address; --resume goes on from the checkpoint of step 4" \
	"$(cat check.log)"
check "the checkpoint is whole" quern generate --model broken/last \
	--prompt The --max-tokens 2
check "it goes on" run cuda broken probe --save-every 2 --resume
check "to the weights of the run left alone" same_weights broken alone
within="env EMULATE_FAIL=100"
exits 1 "before the first checkpoint" run cuda first probe
within="env"
equal "it says that" "there is no checkpoint yet" "$(sed 's/.*; //' check.log)"
finish
