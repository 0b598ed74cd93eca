#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern train: kill -9 at random points and while a checkpoint is being written,
# then --resume: the weights of a run that was left alone.
# Then --audit, which makes the steps again.
# QUERN_KILLS: how many for each way of training (6).
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
kills=${QUERN_KILLS:-6}
RANDOM=11
within= # or exec, where the process itself is to be killed

few_words 80 >docs.jsonl
quern tokenizer train --vocab 270 -o tokenizer.json docs.jsonl || exit 1
# Rows that nothing has prepared for: a spike.
awk 'BEGIN {
	srand(3)
	printf "{\"id\":\"noise\",\"text\":\""
	for (i = 0; i < 900; i++)
		printf "%c", 97 + int(26 * rand())
	print "\"}"
}' >noise.jsonl
for set in docs noise; do
	quern shard -q --tokenizer tokenizer.json -o $set $set.jsonl || exit 1
done
# The batch grows over the first half.
cat >run.mix <<'EOT'
%mix 1
seed 1
source text docs.bin
source noise noise.bin
batch 0:64 ~2000:160
phase base 3000 seq=32 text:100
phase odd 300 seq=32 noise:100
phase end 1000 seq=32 text:100
EOT
cat >model.json <<'EOT'
{"model_type":"llama","vocab_size":270,"hidden_size":64,
"intermediate_size":160,"num_hidden_layers":3,"num_attention_heads":4,
"max_position_embeddings":64,"tie_word_embeddings":true}
EOT
declare -A ways=([adamw]="" [adafactor]="--optimizer adafactor --momentum .5"
	[spike]="--spike 2 --spike-skip 2")

begin() { # begin WAY DIR [OPTIONS]
	local way=$1 dir=$2
	shift 2
	# shellcheck disable=SC2086 # words are wanted
	$within quern train --config model.json --recipe run.mix --out "$dir" \
		--lr 1e-2 --micro-batch 2 --save-every 4 --keep 2 --threads 1 \
		--resume ${ways[$way]} "$@"
}
digest() { # digest DIR
	cat "$1/last/model.safetensors" "$1/last/optimizer.safetensors" |
		sha256sum
}
# Every second one at a random moment, the others in the middle of a checkpoint.
one_kill() { # one_kill WAY DIR K
	local i
	touch started # what a dead run left is older
	(within="exec" begin "$1" "$2" -q) 2>/dev/null &
	if [ $(($3 % 2)) -eq 0 ]; then
		sleep "0.$((RANDOM % 4))$((RANDOM % 10))$((RANDOM % 10))"
	else
		for ((i = 0; i < 2000; i++)); do
			[ "$2/.checkpoint.tmp" -nt started ] && break
			kill -0 $! 2>/dev/null || break
			sleep .001
		done
		sleep "0.00$((RANDOM % 10))"
	fi
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ $? -eq 137 ] && killed=$((killed + 1))
	[ "$2/.checkpoint.tmp" -nt started ] && writing=$((writing + 1))
}

for way in adamw adafactor spike; do
	begin $way $way-whole -q --threads 2 --no-async-save
	check "$way: a run left alone" test -e $way-whole/last/state.json
	steps=$(wc -l <$way-whole/log.jsonl)
	last=$(readlink $way-whole/last)
	want=$(digest $way-whole)
	killed=0 writing=0 bad=0 run=0
	for ((k = 0; k < kills; k++)); do
		one_kill $way $way-$run $k
		[ "$(readlink $way-$run/last)" = "$last" ] || continue
		[ "$(digest $way-$run)" = "$want" ] || bad=$((bad + 1))
		run=$((run + 1))
	done
	echo "# $way: $killed killed, $writing of them in a checkpoint; $run runs got to their end"
	check "$way: some were killed" test $killed -gt 0
	begin $way $way-$run -q
	equal "$way: the same weights and moments, $kills kills" "0 $want" \
		"$bad $(digest $way-$run)"
	equal "$way: every step once in the log" "$(seq $steps | tr '\n' ' ')" \
		"$(jq .step $way-$run/log.jsonl | tr '\n' ' ')"
	equal "$way: nothing half-written is left" "" \
		"$(find $way-$run -name '*.tmp')"
done
# Made again from the beginning, from a checkpoint, on other threads.
for way in adamw adafactor spike; do
	check "$way: an audit from the beginning" begin $way $way-whole --audit 0
	check "$way: from a checkpoint, of the last" begin $way $way-whole \
		--audit 32 --threads 2
done
equal "it says which are the same" "quern train: step 34: the same weights" \
	"$(cat "$tmp/check.log")"
check "it leaves nothing" diff <(ls -A adamw-whole) <(printf '%s\n' last \
	log.jsonl sources.json step-00000032 step-00000034)
cp -r spike-whole other
rm other/spikes.jsonl
exits 3 "spikes that are gone" begin spike other --audit 0
exits 2 "nothing to compare with" begin adamw adamw-whole --audit 34
exits 2 "no such option in that run" begin adamw adamw-whole --audit 0 --lr 2e-2
exits 1 "no checkpoint of that step" begin adamw adamw-whole --audit 7
exits 1 "no run" begin adamw nowhere --audit 0
check "nor is one begun" test ! -e nowhere

# Shares that follow losses: the journal is made again too.
sed -i '/^batch/a adapt odm every=3 smooth=0.5 rate=4
	s/^phase base.*/phase base 3000 seq=32 text:80 noise:20/' run.mix
check "shares that adapt" begin adamw adapts
cp adapts/journal.jsonl journal.kept
check "an audit" begin adamw adapts --audit 0
check "from a checkpoint" begin adamw adapts --audit 32
check "the journal stays" cmp journal.kept adapts/journal.jsonl
tensor=adapts/step-00000034/model.safetensors
printf '\377' | dd of=$tensor bs=1 conv=notrunc 2>/dev/null \
	seek=$(($(wc -c <$tensor) - 400))
exits 1 "a broken checkpoint" begin adamw adapts --audit 32
begin adamw twin -q --init adamw-whole/last
rm -r adapts/step-00000034
cp -r twin/step-00000034 adapts
exits 3 "one with other weights" begin adamw adapts --audit 32
cp check.log message
check "it says which" grep -q 'tensor "model.*", element [0-9]*: ' message

check "there were spikes" test -s spike-whole/spikes.jsonl
check "the same, killed or not" cmp spike-whole/spikes.jsonl \
	"spike-$run/spikes.jsonl"
finish
