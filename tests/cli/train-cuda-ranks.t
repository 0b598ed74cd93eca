#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Several ranks, each with an emulated card, and a stand-in for NCCL between them
# (tests/emulate/nccl): the files of a run on one card.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
[[ ${QUERN_PLUGIN_DIR:-} == */emulated ]] ||
	{ echo "1..0 # SKIP needs the emulated card"; exit 0; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
needs "$QUERN_PLUGIN_DIR/quern-mpi.so"
mpirun -n 2 --oversubscribe true >mpirun.log 2>&1 || {
	show mpirun.log
	needs "an mpirun that works"
}
# shellcheck source=SCRIPTDIR/../card.sh
. "$top/tests/card.sh"

export EMULATE_DEVICES=4
config small '"model_type":"llama","tie_word_embeddings":true'
recipe 3 >train.mix
ranks() { # ranks N DIR [OPTIONS]
	local n=$1 dir=$2
	shift 2
	mpirun -n "$n" --oversubscribe quern train -q --config small.json \
		--recipe train.mix --out "$dir" --lr 1e-2 --micro-batch 1 \
		--tokenizer tokenizer.json --device cuda "$@"
}
same_run() { # same_run A B
	local f
	for f in model.safetensors optimizer.safetensors state.json; do
		cmp "$1/last/$f" "$2/last/$f" || return 1
	done
	cmp <(jq -c 'del(.tokens_per_s)' "$1/log.jsonl") \
		<(jq -c 'del(.tokens_per_s)' "$2/log.jsonl")
}
for how in "" "--dtype bf16 --optimizer muon --clip .05" "--offload optimizer"; do
	# shellcheck disable=SC2086 # options
	check "one card $how" ranks 1 "one$how" $how
	for n in 2 4; do
		[ "$n" = 2 ] || [ -z "${how%--off*}" ] || continue
		# shellcheck disable=SC2086
		check "$n cards $how" ranks $n "by$n$how" $how
		check "the same files" same_run "by$n$how" "one$how"
	done
done
check "the optimiser's place changes no file" cmp \
	"one--offload optimizer/last/optimizer.safetensors" \
	"one/last/optimizer.safetensors"

# A run that goes on with other ranks.
check "begun by two" ranks 2 moved --save-every 1
rm -r moved/step-0000000[23]
ln -sfn step-00000001 moved/last
check "gone on with by four" ranks 4 moved --save-every 1 --resume
check "the same weights" same_weights moved one

# What can be wrong: one line, and nothing hangs.
mkdir plugin
ln -s "$QUERN_PLUGIN_DIR"/quern-{cuda,mpi}.so plugin
refused() { # refused NAME PATTERN VARIABLE...
	local name=$1 pattern=$2
	shift 2
	exits 1 "$name" env "$@" bash -c "$(declare -f ranks); ranks 2 none"
	equal "$name: it says so" 1 "$(grep -c "$pattern" check.log)"
	check "$name: no checkpoint" test ! -e none/last
	rm -rf none
}
refused "without NCCL" "quern train: rank 0: ranks on cards need NCCL.*--device cpu needs none" \
	QUERN_PLUGIN_DIR="$PWD/plugin"
refused "NCCL doesn't start" "quern train: rank 0: NCCL: unhandled system error" \
	EMULATE_NCCL=broken
refused "fewer cards than ranks" "quern train: rank 1: cuda: card 1 is asked for, there are 1" \
	EMULATE_DEVICES=1
refused "a card that fails" "cuda: an illegal address\|is gone\|remote process" EMULATE_FAIL=300
finish
