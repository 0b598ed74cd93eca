#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern train under mpirun: the files of a run alone, whatever happens.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# MPI keeps memory to its end, and LeakSanitizer can't look into its processes.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
plugin=${QUERN_PLUGIN_DIR:-$(dirname "$(command -v quern)")}/quern-mpi.so

for i in $(seq 0 59); do
	printf '{"id":"%d","text":"' "$i"
	for j in $(seq 0 11); do
		printf 'The %s turns the %s. ' "mill$((i * 7 % 5))" "stone$((j % 7))"
	done
	printf '"}\n'
done >docs.jsonl
quern tokenizer train -q --vocab 280 -o tokenizer.json docs.jsonl || exit 1
quern shard -q --tokenizer tokenizer.json -o text docs.jsonl || exit 1
head -n 9 docs.jsonl >other.jsonl
quern shard -q --tokenizer tokenizer.json -o other other.jsonl || exit 1
recipe() { # recipe STEPS: one whose shares follow losses too
	printf '%%mix 1\nseed 1\nsource text text\nsource other other epochs<=99\n'
	printf 'batch 256\n%s' "${2:+$2
}"
	printf 'phase only %d seq=32 text:60 other:40\n' $((256 * $1))
}
recipe 12 >run.mix
recipe 200 >long.mix
recipe 12 'adapt odm every=2' >adapt.mix
recipe 2 >valid.mix
cat >model.json <<'EOT'
{"model_type":"llama","vocab_size":280,"hidden_size":32,"intermediate_size":64,
"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
"max_position_embeddings":64,"tie_word_embeddings":true}
EOT

train() { # train DIR RECIPE [OPTIONS]
	local dir=$1 recipe=$2
	shift 2
	quern train --config model.json --recipe "$recipe" --out "$dir" -q \
		--lr 1e-2 --micro-batch 1 "$@"
}
ranks() { # ranks N DIR RECIPE [OPTIONS]: train, by N ranks
	local n=$1 dir=$2 recipe=$3
	shift 3
	mpirun -n "$n" --oversubscribe quern train --config model.json \
		--recipe "$recipe" --out "$dir" -q --lr 1e-2 --micro-batch 1 \
		"$@"
}
same_run() { # same_run A B
	local f
	for f in model.safetensors optimizer.safetensors state.json; do
		cmp "$1/last/$f" "$2/last/$f" || return 1
	done
	cmp <(jq -c 'del(.tokens_per_s, .mfu)' "$1/log.jsonl") \
		<(jq -c 'del(.tokens_per_s, .mfu)' "$2/log.jsonl")
}

# Without MPI.
mkdir empty
exits 1 "a plugin that isn't there" env QUERN_PLUGIN_DIR=empty quern train \
	--config model.json --recipe run.mix --out none --ranks mpi
equal "says what to do" 1 "$(grep -c "ranks need MPI.*make deps" check.log)"
check "nothing was made" test ! -e none
exits 2 "no such way to get ranks" train none run.mix --ranks nccl
check "alone, it isn't loaded" env QUERN_PLUGIN_DIR=empty quern train \
	--config model.json --recipe run.mix --out alone -q --lr 1e-2 \
	--micro-batch 1 --valid valid.mix --valid-every 5

needs "$plugin"
# Where processes are locked in, it may be there and not start any.
mpirun -n 2 --oversubscribe true >mpirun.log 2>&1 || {
	show mpirun.log
	needs "an mpirun that works"
}

for n in 2 4; do
	check "$n ranks" ranks $n by-$n run.mix --valid valid.mix \
		--valid-every 5
	check "$n ranks: the files of a run alone" same_run alone by-$n
done
check "a run alone that asks for MPI" train by-1 run.mix --ranks mpi \
	--valid valid.mix --valid-every 5
check "the same files" same_run alone by-1

more=(--dropout .1 --attention-dropout .1 --clip .05 --dtype bf16 --optimizer
	muon --document-mask)
train alone-more run.mix "${more[@]}"
check "3 ranks, bf16, dropout, clipped, muon" ranks 3 by-3-more run.mix \
	"${more[@]}"
check "the files of a run alone" same_run alone-more by-3-more

train alone-adapt adapt.mix
check "shares follow the losses of 2 ranks" ranks 2 by-2-adapt adapt.mix
check "the files of a run alone" same_run alone-adapt by-2-adapt
check "and its journal" cmp alone-adapt/journal.jsonl by-2-adapt/journal.jsonl

# A rank, or mpirun itself, is told to end or killed; others go on.
train whole long.mix --threads 1
begin() { # begin DIR: ranks in the background that have saved something
	local dir=$1 i
	mpirun -n 3 --oversubscribe quern train --config model.json \
		--recipe long.mix --out "$dir" -q --lr 1e-2 --micro-batch 1 \
		--save-every 10 --keep 2 >"$dir.log" 2>&1 &
	mpi=$!
	for ((i = 0; i < 1500; i++)); do
		[ -e "$dir/last" ] && break
		sleep .02
	done
	mapfile -t pids < <(ps -o pid= --ppid $mpi --sort pid)
}
for how in 'KILL 1' 'KILL 0' 'TERM 2'; do
	read -r sig rank <<<"$how"
	name=$sig-$rank
	begin "$name"
	kill "-$sig" "${pids[$rank]}"
	wait $mpi 2>/dev/null
	echo "# SIG$sig to rank $rank after $(readlink "$name/last")"
	if [ "$sig" = KILL ]; then
		check "$name: others say who is gone" grep -q \
			"rank $rank (process .*) is gone" "$name.log"
	else
		check "$name: all stop, one says so" test \
			"$(grep -c "stopped by a signal" "$name.log")" = 1
	fi
	check "$name: 2 ranks go on" ranks 2 "$name" long.mix --resume
	check "$name: the files of a run alone" same_run whole "$name"
done

# What one rank finds wrong, all return and the first one says.
exits 2 "a folder with a run" ranks 2 alone run.mix
equal "said once" 1 "$(grep -c "alone holds a run already" check.log)"
exits 2 "more ranks than micro-batches" ranks 4 none run.mix --micro-batch 8
equal "said once" 1 "$(grep -c "too few for 4 ranks" check.log)"
check "nothing was made" test ! -e none
finish
