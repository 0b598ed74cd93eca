#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# From web archives to a small language model: each stage is a quern command,
# the stages that judge documents are joined by one pipe.  See -h.
#
# A stage's files come into the work folder whole, when all of its commands have
# succeeded, and after them NAME.done with a digest of what they were made from.
# A later run skips the stages whose digest is unchanged.
set -u -o pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=crawl-to-model
threads=$(nproc)
profile=gopher
languages=
vocab=2048
steps=300
model=tiny
seed=0
prompt='The'

usage() {
	cat <<EOT
usage: crawl-to-model.sh [options] [WARC...]
From web archives (default: a made-up sample crawl) to a small language model.

options:
  -w, --work DIR     where all files go (default: $work)
  -t, --threads N    threads a command (default: $threads)
      --keep LIST    keep these languages only, as in en,fr (default: all)
      --profile NAME quality profile of quern filter, or none
                     (default: $profile)
      --vocab N      size of the tokenizer's vocabulary (default: $vocab)
      --model SIZE   nano, tiny, small or medium (default: $model)
      --steps N      training steps (default: $steps)
      --prompt TEXT  what the sample of generated text begins with
      --seed N       seed of everything random (default: $seed)
  -h, --help         this text

A rerun with the same options continues where the last one stopped.

example:
  crawl-to-model.sh -w /tmp/model --steps 1000 --model small crawl/*.warc.gz
EOT
}

say() { printf '%s\n' "$*" >&2; }
die() { # die STATUS MESSAGE
	local status=$1
	shift
	say "crawl-to-model: $*"
	exit "$status"
}

# ---- options ----------------------------------------------------------------

whole() { # whole NAME VALUE: a number from 1
	[[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || die 2 "$1 $2: not a number from 1"
}

warcs=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	-w | --work | -t | --threads | --keep | --profile | --vocab | --model | \
		--steps | --prompt | --seed)
		[ $# -ge 2 ] || die 2 "option $1 needs a value; see -h"
		case $1 in
		-w | --work) work=$2 ;;
		-t | --threads) whole "$1" "$2"; threads=$2 ;;
		--keep) languages=$2 ;;
		--profile) profile=$2 ;;
		--vocab) whole "$1" "$2"; vocab=$2 ;;
		--model) model=$2 ;;
		--steps) whole "$1" "$2"; steps=$2 ;;
		--prompt) prompt=$2 ;;
		--seed) seed=$2 ;;
		esac
		shift 2
		;;
	--) shift; warcs+=("$@"); break ;;
	-?*) die 2 "unknown option $1; see -h" ;;
	*) warcs+=("$1"); shift ;;
	esac
done
[[ $seed =~ ^[0-9]{1,9}$ ]] || die 2 "--seed $seed: not a number"
if [ "$vocab" -lt 260 ] || [ "$vocab" -gt 1000000 ]; then
	die 2 "--vocab $vocab: not between 260 and 1000000"
fi

# Rows a step, tokens a row, learning rate; layers, width, heads, inner width.
case $model in
nano) shape=(8 64 3e-3 2 64 2 192) ;;
tiny) shape=(16 128 2e-3 4 128 4 384) ;;
small) shape=(16 256 1e-3 6 256 8 704) ;;
medium) shape=(32 512 6e-4 12 512 8 1408) ;;
*) die 2 "--model $model: not one of nano, tiny, small, medium" ;;
esac
rows=${shape[0]} seq=${shape[1]} lr=${shape[2]}

for i in "${!warcs[@]}"; do
	[ -r "${warcs[i]}" ] || die 1 "${warcs[i]}: cannot read it"
	warcs[i]=$(realpath -- "${warcs[i]}")
done
command -v quern >/dev/null || PATH=$here/../build/bin:$PATH
command -v quern >/dev/null ||
	die 1 "no quern in the PATH nor in build/bin; run make first"
for tool in jq zstd flock; do
	command -v "$tool" >/dev/null || die 1 "$tool is missing; run make deps"
done
bin=$(dirname "$(command -v quern)")

mkdir -p "$work" || die 1 "$work: cannot make this folder"
cd "$work" || die 1 "$work: cannot work there"
exec 9>.lock
flock -n 9 || die 1 "$work: another run is still at work there"
part=.part
rm -rf "$part"
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- stages -----------------------------------------------------------------

# A digest of the arguments and of the quern commands named before --.
digest() { # digest COMMAND... -- WORD...
	{
		while [ "$1" != -- ]; do
			sha256sum <"$bin/quern-$1" || exit 1
			shift
		done
		printf '%s\n' "$@"
	} | sha256sum | cut -d ' ' -f 1
}

all_there() { # all_there FILE...
	local file
	for file in "$@"; do
		[ -e "$file" ] || return 1
	done
}

# Is NAME done, for KEY?  If not, its old stamp goes, so that nobody takes a
# mixture of old and new files for whole.
is_done() { # is_done NAME KEY FILE...
	if [ "$(sed -n 1p "$1.done" 2>/dev/null)" = "$2" ] &&
		all_there "${@:3}"; then
		say "$1: done before"
		return 0
	fi
	rm -f "$1.done"
	rm -rf "$part"
	mkdir "$part"
	began=$(date +%s)
	say "$1: ..."
	return 1
}

# The files in $part become those of the stage.
stamp() { # stamp NAME KEY
	local file
	for file in "$part"/*; do
		[ -e "$file" ] || continue
		mv -f "$file" . || die 1 "$file: cannot move it to $PWD"
	done
	printf '%s\n%s\n' "$2" $(($(date +%s) - began)) >"$1.done.tmp"
	mv "$1.done.tmp" "$1.done" || die 1 "$1.done: cannot write it"
}

# Which command of a pipe failed?  One that died since its reader had gone
# (141) is only a consequence.
blame() { # blame STATUS... (of the pipe's commands, in order)
	local i names=(extract lang filter pii 'dedup exact' 'dedup minhash')
	local all=("$@")
	for i in "${!all[@]}"; do
		case ${all[i]} in
		0 | 141) ;;
		*) die $((all[i] == 2 ? 2 : 1)) \
			"documents: quern ${names[i]} failed (exit ${all[i]})" ;;
		esac
	done
	for i in "$@"; do
		[ "$i" -eq 0 ] || die 1 "documents: a command lost its reader"
	done
}

filter_stage() { # filter_stage NAME COMMAND...: a command of the pipe
	local name=$1
	shift
	quern "$@" -q --threads "$threads" --stats "$part/$name.stats" \
		--rejects "$part/$name.rejects.jsonl.zst"
}

sample_stage() {
	local key
	key=$(cd "$here/sample" && cat make-sample pages/* prose/* sites/* |
		sha256sum)
	is_done sample "$key" sample.warc.gz && return
	"$here/sample/make-sample" -o "$part/sample.warc.gz" ||
		die 1 "sample: cannot make it"
	stamp sample "$key"
}

quality() {
	if [ "$profile" = none ]; then
		cat
	else
		filter_stage 3-filter filter --profile "$profile"
	fi
}

documents_stage() {
	local keep=() files
	[ -z "$languages" ] || keep=(--keep "$languages")
	files=$(stat -c '%n %s %y' -- "${warcs[@]}") || exit 1
	key=$(digest extract lang filter pii dedup -- "$files" "$profile" \
		"$languages") || exit 1
	is_done documents "$key" documents.jsonl.zst {1-extract,2-lang,4-pii}.stats \
		{5-exact,6-minhash}.stats && return
	rm -f 3-filter.*
	filter_stage 1-extract extract "${warcs[@]}" |
		filter_stage 2-lang lang "${keep[@]}" |
		quality |
		filter_stage 4-pii pii --types email,ip |
		filter_stage 5-exact dedup exact |
		filter_stage 6-minhash dedup minhash -o "$part/documents.jsonl.zst"
	blame "${PIPESTATUS[@]}"
	stamp documents "$key"
}

take() { # take SED-OPTION... SET: lines of the documents
	local set=${!#}
	zstd -qdc documents.jsonl.zst | sed "${@:1:$#-1}" |
		zstd -q -o "$part/$set.jsonl.zst" ||
		die 1 "split: cannot take $set.jsonl.zst from documents.jsonl.zst"
}

documents_left() { zstd -qdc documents.jsonl.zst | head -n "$1" | wc -l; }

# Every twentieth document, from the first, is kept for validation.
split_stage() {
	local left
	left=$(documents_left 2)
	[ "$left" -gt 0 ] || {
		"$here/summary.sh" . documents >&2
		die 1 "no document is left; *.rejects.jsonl.zst in $PWD say why"
	}
	key=$(digest -- "$key" split) || exit 1
	[ "$left" -gt 1 ] ||
		say "split: the only document is to train and to validate with"
	is_done split "$key" {train,valid}.jsonl.zst && return
	take -n '1~20p' valid
	if [ "$left" -gt 1 ]; then
		take '1~20d' train
	else
		cp "$part/valid.jsonl.zst" "$part/train.jsonl.zst"
	fi
	stamp split "$key"
}

tokenizer_stage() {
	key=$(digest tokenizer -- "$key" "$vocab") || exit 1
	is_done tokenizer "$key" tokenizer.json 7-tokenizer.stats && return
	quern tokenizer train -q --threads "$threads" --vocab "$vocab" \
		--stats "$part/7-tokenizer.stats" -o "$part/tokenizer.json" \
		train.jsonl.zst || die 1 "tokenizer: quern tokenizer train failed"
	stamp tokenizer "$key"
}

shard_stage() {
	local set
	key=$(digest shard -- "$key") || exit 1
	is_done shards "$key" {train,valid}.{bin,idx,docs} \
		8-shard-{train,valid}.stats && return
	for set in train valid; do
		quern shard -q --threads "$threads" --tokenizer tokenizer.json \
			--stats "$part/8-shard-$set.stats" -o "$part/$set" \
			"$set.jsonl.zst" || die 1 "shards: quern shard failed"
	done
	stamp shards "$key"
}

write_recipe() { # write_recipe SHARD SEQ STEPS
	cat <<EOT
%mix 1
seed $seed
source crawl $1.bin
batch $((rows * $2))
phase $1 $((rows * $2 * $3)) seq=$2 crawl:100
EOT
}

# As many whole batches as the documents kept for validation give; if they
# don't fill a row, a shorter row.
write_valid_recipe() {
	local have row=$seq
	have=$(jq .tokens 8-shard-valid.stats)
	[ "$have" -gt "$row" ] || row=$((have > 2 ? have - 1 : 1))
	write_recipe valid "$row" \
		$((have >= rows * row ? have / (rows * row) : 1))
}

write_config() {
	cat <<EOT
{
  "architectures": ["LlamaForCausalLM"],
  "model_type": "llama",
  "vocab_size": $vocab,
  "num_hidden_layers": ${shape[3]},
  "hidden_size": ${shape[4]},
  "num_attention_heads": ${shape[5]},
  "num_key_value_heads": ${shape[5]},
  "intermediate_size": ${shape[6]},
  "max_position_embeddings": $seq,
  "rms_norm_eps": 1e-5,
  "rope_theta": 10000,
  "tie_word_embeddings": true
}
EOT
}

mix_stage() {
	local set
	key=$(digest mix -- "$key" "$(write_recipe train "$seq" "$steps"; write_config)") ||
		exit 1
	is_done recipe "$key" {train,valid}.mix model.json && return
	write_recipe train "$seq" "$steps" >"$part/train.mix"
	write_valid_recipe >"$part/valid.mix"
	write_config >"$part/model.json"
	# Its paths are relative to where it will be.
	for set in train valid; do
		cp "$part/$set.mix" "$set.mix"
		quern mix check -q "$set.mix" >"$part/$set-mix.txt" ||
			die 1 "recipe: quern mix check failed for $PWD/$set.mix"
	done
	stamp recipe "$key"
}

# An interrupted training with the same key is continued.
train_stage() {
	local resume=()
	key=$(digest train -- "$key" "$lr") || exit 1
	is_done train "$key" model/last model/log.jsonl && return
	if [ "$(cat model/made-from 2>/dev/null)" = "$key" ]; then
		[ -e model/last ] && resume=(--resume)
	else
		rm -rf model
		mkdir model
		echo "$key" >model/made-from
	fi
	quern train --config model.json --recipe train.mix --valid valid.mix \
		--valid-every $((steps / 6 + 1)) --tokenizer tokenizer.json --out model \
		--threads "$threads" --seed "$seed" --lr "$lr" --warmup 5% \
		--save-every $((steps / 10 + 1)) --keep 2 "${resume[@]}" ||
		die 1 "train: quern train failed"
	stamp train "$key"
}

generate_stage() {
	key=$(digest generate -- "$key" "$prompt") || exit 1
	is_done generate "$key" generated.txt && return
	quern generate --model model/last --prompt "$prompt" --seed "$seed" \
		--threads "$threads" --max-tokens 150 >"$part/generated.txt" ||
		die 1 "generate: quern generate failed"
	stamp generate "$key"
}

# One page about all of it.
report_stage() {
	local rejects=() file
	key=$(digest stats report -- "$key") || exit 1
	is_done report "$key" report.html && return
	for file in [2-6]-*.rejects.jsonl.zst; do rejects+=("$file"); done
	quern stats -q --threads "$threads" -o "$part/documents.stats" \
		documents.jsonl.zst &&
		quern stats -q --threads "$threads" -o "$part/rejects.stats" \
			"${rejects[@]}" &&
		quern report --title 'From crawl to model' -o "$part/report.html" \
			[1-6]-*.stats 8-shard-train.stats model/log.jsonl \
			"$part/documents.stats" "$part/rejects.stats" ||
		die 1 "report: quern stats or report failed"
	stamp report "$key"
}

# Each stage's key holds that of the stage before.
key=
if [ ${#warcs[@]} -eq 0 ]; then
	sample_stage
	warcs=(sample.warc.gz)
fi
documents_stage
split_stage
tokenizer_stage
shard_stage
mix_stage
train_stage
generate_stage
report_stage
"$here/summary.sh" .
echo "the same and more, drawn: $PWD/report.html"
