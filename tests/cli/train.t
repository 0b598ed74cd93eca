#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern train and generate: from a recipe to text.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

few_words 120 >docs.jsonl
head -n 100 docs.jsonl >train.jsonl
tail -n 20 docs.jsonl >valid.jsonl
quern tokenizer train --vocab 280 -o tokenizer.json train.jsonl || exit 1
for set in train valid; do
	quern shard -q --tokenizer tokenizer.json -o $set $set.jsonl || exit 1
done
recipe() { # recipe SET STEPS
	printf '%%mix 1\nseed 1\nsource text %s.bin\nbatch 256\n' "$1"
	printf 'phase only %d seq=32 text:100\n' $((256 * $2))
}
recipe train 20 >train.mix
recipe train 21 >other.mix
recipe valid 2 >valid.mix
config() { # config HIDDEN [MORE]
	cat <<EOT
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":280,
"hidden_size":$1,"intermediate_size":64,"num_hidden_layers":2,
"num_attention_heads":4,"num_key_value_heads":2,"rms_norm_eps":1e-5,
"max_position_embeddings":64,"tie_word_embeddings":true${2:-}}
EOT
}
config 32 >model.json

train() { # train DIR [OPTIONS]
	local dir=$1
	shift
	quern train --config model.json --recipe train.mix --out "$dir" \
		--lr 1e-2 --micro-batch 3 "$@"
}

check "a run" train one --threads 1 --valid valid.mix --valid-every 10 \
	--tokenizer tokenizer.json --stats stats.json --peak 1e-3
equal "a line a step in the log" "20 20" \
	"$(wc -l <one/log.jsonl) $(jq -s 'map(.step) | unique | length' one/log.jsonl)"
equal "the log's members" \
	"grad_norm loss lr mfu step tokens tokens_per_s unigram_loss valid_loss" \
	"$(tail -n 1 one/log.jsonl | jq -r 'keys | join(" ")')"
# 2 layers of 32*64 + 32*32 + 3*32*64 weights, a head of 280*32, attention in
# rows of 32: 6 * 27392 + 12 * 2 * 32 * 32 operations a token.
check "mfu is the share of --peak" jq -se 'all(
	.tokens_per_s * 188928 / 1e9 / .mfu | . > .98 and . < 1.02)' one/log.jsonl
exits 2 "a peak below 0" quern train --config model.json --recipe train.mix \
	--out peak --peak -1
check "the loss falls below that of counts" jq -e \
	'.valid_loss < .unigram_loss - .3' stats.json
equal "a checkpoint's files" \
	"config.json model.safetensors optimizer.safetensors state.json tokenizer.json" \
	"$(cd one/last && echo *)"
equal "last is a link to the newest" step-00000020 "$(readlink one/last)"
equal "options are resolved" "0.01 1 3" \
	"$(jq -r '.options | "\(.lr) \(.warmup) \(."micro-batch")"' one/last/state.json)"

same_run() { # same_run A B: weights and moments
	cmp "$1/last/model.safetensors" "$2/last/model.safetensors" &&
		cmp "$1/last/optimizer.safetensors" "$2/last/optimizer.safetensors"
}
for n in 2 7; do
	train t$n --threads $n -q
	check "the same weights with $n threads" same_run one t$n
done

# Ended by a signal or killed, at any step.
begin() { # begin DIR: a run in the background that has made some steps
	local dir=$1 i
	quern train --config model.json --recipe train.mix \
		--out "$dir" --lr 1e-2 --micro-batch 1 --save-every 1 -q \
		--threads 1 --keep 0 &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		[ -e "$dir/last" ] && break
		sleep .01
	done
}
resume() { # resume DIR
	quern train --config model.json --recipe train.mix --out "$1" --lr 1e-2 \
		--micro-batch 1 --save-every 1 -q --threads 2 --resume
}
resume whole # there is nothing to resume: begins
for sig in TERM KILL INT; do
	begin "by-$sig"
	kill -$sig $pid
	wait $pid 2>/dev/null
	echo "# SIG$sig after $(readlink "by-$sig/last")"
	check "resumed after SIG$sig" resume "by-$sig"
	check "the run has the bytes of an uninterrupted one" \
		same_run whole "by-$sig"
	equal "its log has every step once" "$(seq 20 | tr '\n' ' ')" \
		"$(jq .step "by-$sig/log.jsonl" | tr '\n' ' ')"
done

# A checkpoint on demand, and the run goes on.
recipe train 100 >long.mix
long() { # long DIR [OPTIONS]
	local dir=$1
	shift
	exec quern train --config model.json --recipe long.mix --out "$dir" \
		--lr 1e-2 --micro-batch 1 --save-every 0 -q --threads 1 "$@"
}
(long asked) &
pid=$!
for ((i = 0; i < 1000; i++)); do
	[ -s asked/log.jsonl ] && break
	sleep .01
done
kill -USR1 $pid
for ((i = 0; i < 1000; i++)); do
	[ -e asked/last ] && break
	sleep .01
done
check "SIGUSR1 asks for a checkpoint" test "$(readlink asked/last)" != step-00000100
echo "# after $(readlink asked/last)"
wait $pid
equal "the run went to its end" "0 step-00000100" "$? $(readlink asked/last)"
(long unasked)
check "the same weights as without" same_run asked unasked

# Validation by source: a third of the rows is the first's.
cat >sources.mix <<EOT
%mix 1
seed 1
source text train.bin
source other valid.bin
batch 256
phase first 256 seq=32 text:100
phase then 512 seq=32 other:100
EOT
check "a validation of two sources" train sources --valid sources.mix
check "has the loss of each" jq -se '.[-1] | .valid_losses as $v |
	($v | keys) == ["other", "text"] and
	(($v.text + 2 * $v.other) / 3 - .valid_loss | fabs) < 1e-9 and
	$v.text != $v.other' sources/log.jsonl
equal "of one there is only one" null "$(jq -c .valid_losses one/log.jsonl | tail -n 1)"

# Families: each trains, and generates from what it wrote.
family() { # family NAME CONFIG
	echo "$2" >"$1.json"
	check "$1 trains" quern train --config "$1.json" --recipe train.mix \
		--out "$1" --lr 1e-2 --micro-batch 8 --tokenizer tokenizer.json -q
	equal "$1 names itself" "$1" "$(jq -r .model_type "$1/last/config.json")"
	check "its loss falls" jq -se '.[-1].loss < .[0].loss - 1' "$1/log.jsonl"
	check "it generates" quern generate --model "$1/last" --prompt The \
		--max-tokens 5 -o /dev/null
}
family gpt2 '{"model_type":"gpt2","vocab_size":280,"n_embd":32,"n_layer":2,
"n_head":4,"n_positions":64,"attn_pdrop":0.1}'
equal "a matrix of GPT-2 is kept (in, out)" "[32,96]" "$(
	n=$(od -An -tu8 -N8 gpt2/last/model.safetensors)
	tail -c +9 gpt2/last/model.safetensors | head -c "$n" |
		jq -c '."transformer.h.0.attn.c_attn.weight".shape')"
family qwen3 "$(config 32 ',"head_dim":16' | sed 's/"llama"/"qwen3"/')"
family mistral "$(config 32 ',"sliding_window":8' | sed 's/"llama"/"mistral"/')"

# Options that change what is computed.
check "lion, wsd, documents apart" quern train --config model.json \
	--recipe train.mix --out mask --lr 3e-3 --micro-batch 8 -q \
	--optimizer lion --schedule wsd --cooldown 5 --document-mask \
	--label-smoothing .1 --z-loss 1e-4 --spare-embeddings
equal "they stand in state.json" "lion wsd 5 1 0.1" "$(jq -r '.options |
	"\(.optimizer) \(.schedule) \(.cooldown) \(."document-mask") \(."label-smoothing")"' \
	mask/last/state.json)"
exits 2 "they must be the same in a resume" quern train --config model.json \
	--recipe train.mix --out mask --lr 3e-3 --micro-batch 8 --resume

factored() { # factored DIR [OPTIONS]
	local dir=$1
	shift
	train "$dir" -q --optimizer adafactor --momentum .5 --scale-by-rms "$@"
}
check "adafactor" factored fact --threads 1
equal "no moment of each weight's square" "col m row unigram" "$(
	n=$(od -An -tu8 -N8 fact/last/optimizer.safetensors)
	tail -c +9 fact/last/optimizer.safetensors | head -c "$n" |
		jq -r '[keys[] | select(. != "__metadata__") |
			split(".")[0]] | unique | join(" ")')"
equal "its options stand in state.json" "adafactor 0.5 0.8 1 1" "$(jq -r '.options |
	"\(.optimizer) \(.momentum) \(."decay-rate") \(."update-clip") \(."scale-by-rms")"' \
	fact/last/state.json)"
check "with 7 threads" factored fact7 --threads 7
check "the same weights" same_run fact fact7
exits 2 "another momentum in a resume" factored fact --resume --momentum .6
exits 2 "momentum is adafactor's" train none --momentum .5

# What is refused.
cp -r one locked
rm locked/last
exits 1 "two runs in a folder" flock locked/log.jsonl quern train \
	--config model.json --recipe train.mix --out locked
equal "the first one's log stays" 20 "$(wc -l <locked/log.jsonl)"
golden train-no-options quern train
golden train-folder-in-use train one
golden train-resume-lr quern train --config model.json --recipe train.mix \
	--out one --resume --lr 2e-2 --micro-batch 3
config 48 >wide.json
golden train-resume-config quern train --config wide.json --recipe train.mix \
	--out one --resume --lr 1e-2 --micro-batch 3
exits 2 "another recipe" quern train --config model.json --recipe other.mix \
	--out one --resume --lr 1e-2 --micro-batch 3
config 32 ',"attn_logit_softcapping":50' >softcap.json
golden train-unknown-key quern train --config softcap.json --recipe train.mix \
	--out none
config 32 ',"mlp_bias":"no"' >flag.json
exits 1 "neither true nor false" quern train --config flag.json \
	--recipe train.mix --out none
config 30 >heads.json
golden train-heads quern train --config heads.json --recipe train.mix --out none
golden train-memory train none --memory 100K
golden train-no-config quern train --config none.json --recipe train.mix \
	--out none
exits 1 "a recipe that isn't there" quern train --config model.json \
	--recipe none.mix --out none
golden train-no-plugin env QUERN_PLUGIN_DIR="$tmp" quern train \
	--config model.json --recipe train.mix --out none --device cuda
exits 1 "a tokenizer that isn't there" quern train --config model.json \
	--recipe train.mix --out none --tokenizer none.json
exits 2 "one that is a folder" quern train --config model.json \
	--recipe train.mix --out none --tokenizer .
exits 2 "more threads than any machine has" train none --threads 100000
check "no folder was made" test ! -e none

# A checkpoint that isn't what was written.
go_on() { # go_on DIR
	quern train --config model.json --recipe train.mix --out "$1" --resume \
		--lr 1e-2 --micro-batch 3
}
rot() { # rot FILE: a copy of the run, two bytes of a file changed
	rm -rf rotten
	cp -r one rotten
	printf '\245\132' | dd of="rotten/last/$1" bs=1 seek=5000 conv=notrunc \
		2>/dev/null
}
rot optimizer.safetensors
exits 1 "other moments" go_on rotten
rot model.safetensors
golden train-rotten go_on rotten
bad=0
spoil() { # spoil FILE HOW: counts what is not refused
	go_on rotten >spoil.log 2>&1
	case $?,$(tail -n 1 spoil.log) in
	[12],"quern train: "*) ;;
	*) echo "# $1 $2: $(tail -n 1 spoil.log)" && bad=$((bad + 1)) ;;
	esac
}
for f in model.safetensors optimizer.safetensors state.json config.json; do
	size=$(wc -c <one/last/$f)
	for n in 0 1 8 $((size / 2)) $((size - 2)); do
		rm -rf rotten && cp -r one rotten
		truncate -s "$n" "rotten/last/$f"
		spoil $f "cut to $n"
	done
done
for f in model.safetensors optimizer.safetensors state.json; do
	size=$(wc -c <one/last/$f)
	for n in 0 9 $((size / 3)) $((size / 2)) $((size - 9)) $((size - 1)); do
		rm -rf rotten && cp -r one rotten
		byte=$(od -An -tu1 -j "$n" -N1 one/last/$f)
		printf "\\$(printf %o $((byte ^ 1)))" | dd of="rotten/last/$f" \
			bs=1 seek="$n" conv=notrunc 2>/dev/null
		spoil $f "a bit of byte $n"
	done
done
equal "checkpoints cut, or with another bit, are refused" 0 $bad
rm -rf rotten && cp -r one rotten
printf '\0\n' >rotten/spikes.jsonl
exits 1 "spikes that are none" go_on rotten
rm rotten/last/state.json
exits 1 "a checkpoint without state.json" go_on rotten
rm -r rotten/step-*
exits 1 "a link to no checkpoint" go_on rotten
equal "the log stays" 20 "$(wc -l <rotten/log.jsonl)"

# Of several, an earlier one is left to go back to, and is not removed.
every() { # every [OPTIONS]
	train several -q --save-every 5 --keep 2 "$@"
}
every --keep 0 || exit 1
cp -r several whole20
truncate -s 100 several/last/model.safetensors
every --resume 2>several.err
equal "a broken checkpoint: what to do is said" \
	"ln -sfn step-00000015 several/last" "$(grep -o 'ln -sfn .*' several.err)"
ln -sfn step-00000005 several/last
check "going on from an earlier one" every --resume --save-every 4 --keep 1
check "the same weights" same_run several whole20
equal "only what was asked for is kept" step-00000020 "$(cd several && echo step-*)"
rm -rf several && cp -r whole20 several
ln -sfn step-00000005 several/last
quern train --config model.json --recipe train.mix --out several --lr 1e-2 \
	--micro-batch 3 --save-every 1 --keep 1 --threads 1 -q --resume &
pid=$!
for ((i = 0; i < 1000; i++)); do
	[ "$(readlink several/last)" = step-00000005 ] || break
	sleep .01
done
kill -KILL $pid
wait $pid 2>/dev/null
check "what last points to is there" test -e several/last/model.safetensors
check "going on from it" every --resume
check "the same weights" same_run several whole20

# Text.
text() { quern generate --model one/last --prompt "The mill" "$@"; }
threads "generate" text --seed 4
equal "the prompt comes first" "The mill" "$(text --max-tokens 0)"
equal "or not at all" "" "$(text --max-tokens 0 --no-echo)"
equal "a seed decides" "$(text --seed 5)" "$(text --seed 5)"
check "another seed, other text" test "$(text --seed 5)" != "$(text --seed 6)"
for seed in 1 2 3 4 5 6 7 8; do
	quern generate --model one/last --temperature 9 --top-p 1 --seed $seed \
		--max-tokens 60
done >wild.txt
check "always whole code points" iconv -f UTF-8 -t UTF-8 wild.txt
text --temperature 0 >greedy.txt
check "temperature 0 takes the likeliest" cmp greedy.txt \
	<(text --top-k 1 --seed 9)
check "into a file" text --temperature 0 --max-tokens 9 -o out.txt \
	--stats stats.json
equal "its tokens are counted" 9 "$(jq .tokens stats.json)"
check "into a file" text --temperature 0 -o out.txt
check "the same text" cmp greedy.txt out.txt
mkdir broken
cp one/last/{config,tokenizer}.json broken
head -c 5000 one/last/model.safetensors >broken/model.safetensors
golden generate-truncated quern generate --model broken --prompt x
golden generate-no-model quern generate --model nowhere --prompt x
golden generate-too-long quern generate --model one/last \
	--prompt "$(printf 'x%.0s' {1..99})"
golden generate-top-p quern generate --model one/last --top-p 0

# The CUDA twin is a plugin.
bin=$(dirname "$(command -v quern)")
equal "no command links the CUDA run time" "" "$(
	for f in "$bin"/quern "$bin"/quern-*; do
		case $f in *.so) continue ;; esac
		readelf -d "$f" | grep -q 'NEEDED.*\(cuda\|cublas\|nccl\)' && echo "$f"
	done)"
finish
