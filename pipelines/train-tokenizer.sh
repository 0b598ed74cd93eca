#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Documents in; a tokenizer and a table that compares it with others out.  See -h.
set -u -o pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=train-tokenizer
threads=$(nproc)
vocab=32K
model=bpe
pattern=cl100k
size=1G
alpha=0.5
lang=yes
against=()

usage() {
	cat <<EOT
usage: train-tokenizer.sh [options] DOCUMENTS...
From documents (JSON Lines, .zst, .gz) to a tokenizer, trained on a sample in
which languages are balanced, and a table of what it and others make of
documents that were kept out.

options:
  -w, --work DIR      where all files go (default: $work)
  -t, --threads N     threads a command (default: $threads)
      --vocab N       size of the vocabulary (default: $vocab)
      --model MODEL   bpe or unigram (default: $model)
      --pattern P     how text is split (default: $pattern)
      --size SIZE     bytes of text in the sample at most (default: $size)
      --alpha A       a language with the share s of the text has s^A of the
                      sample, before that is made to add up: 1 as it is, 0 all
                      the same (default: $alpha)
      --no-lang       documents have metadata.language already
      --against FILE  another tokenizer to compare with; may be repeated
  -h, --help          this text

DIR gets
  languages.tsv       documents and bytes of each language, read and sampled
  sample.jsonl.zst    what is trained on
  held.jsonl.zst      each 20th document, for the table
  tokenizer.json      the tokenizer
  compare.tsv         the table; compare.json holds it for programs

example:
  train-tokenizer.sh -w /tmp/tok --vocab 50K --against gpt2.json crawl/*.zst
EOT
}
die() { # die STATUS MESSAGE
	local status=$1
	shift
	printf 'train-tokenizer: %s\n' "$*" >&2
	exit "$status"
}

files=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--no-lang) lang=no; shift ;;
	-w | --work | -t | --threads | --vocab | --model | --pattern | --size | \
		--alpha | --against)
		[ $# -ge 2 ] || die 2 "option $1 needs a value; see -h"
		case $1 in
		-w | --work) work=$2 ;;
		-t | --threads) threads=$2 ;;
		--vocab) vocab=$2 ;;
		--model) model=$2 ;;
		--pattern) pattern=$2 ;;
		--size) size=$2 ;;
		--alpha) alpha=$2 ;;
		--against) against+=("$2") ;;
		esac
		shift 2
		;;
	--) shift; files+=("$@"); break ;;
	-?*) die 2 "unknown option $1; see -h" ;;
	*) files+=("$1"); shift ;;
	esac
done
[ ${#files[@]} -gt 0 ] || die 2 "no documents are named; see -h"
[[ $threads =~ ^[1-9][0-9]{0,3}$ ]] || die 2 "--threads $threads: not a number from 1"
[[ $alpha =~ ^(0|1|0?\.[0-9]+|1\.0+)$ ]] || die 2 "--alpha $alpha: not from 0 to 1"
[[ $size =~ ^[1-9][0-9]*[KMGT]?$ ]] || die 2 "--size $size: not a size, as in 500M"
command -v quern >/dev/null || PATH=$here/../build/bin:$PATH
command -v quern >/dev/null ||
	die 1 "no quern in the PATH nor in build/bin; run make first"
for tool in jq zstd awk; do
	command -v "$tool" >/dev/null || die 1 "$tool is missing; run make deps"
done
bytes=$(numfmt --from=iec "$size") || die 2 "--size $size: not a size, as in 500M"
mkdir -p "$work" || die 1 "$work: cannot make this folder"
tmp=$(mktemp -d "$work/.part.XXXXXX") || die 1 "$work: cannot write there"
[ "${tmp#/}" != "$tmp" ] || tmp=./$tmp # or awk takes a=b/file for a variable
trap 'rm -rf "$tmp"' EXIT

# All documents, each with its language: one file, read twice.
if [ $lang = yes ]; then
	quern lang -q --threads "$threads" -o "$tmp/all.jsonl.zst" -- "${files[@]}"
else
	# A filter that keeps all: the files as one, damage named.
	quern filter -q --where 'chars >= 0' --threads "$threads" \
		-o "$tmp/all.jsonl.zst" -- "${files[@]}"
fi || die 1 "the documents cannot be read"

# Language and bytes of each; held out; then who is in the sample: as many
# bytes of a language as it is due, spread evenly over its documents.
zstd -dqc "$tmp/all.jsonl.zst" |
	jq -r '[.metadata.language // "und", (.text | utf8bytelength)] | @tsv' \
		>"$tmp/sizes" || die 1 "the documents cannot be counted"
[ -s "$tmp/sizes" ] || die 1 "there are no documents"
list=$tmp/languages.tsv awk -F '\t' -v alpha="$alpha" -v most="$bytes" '
	NR == FNR {
		if (NR % 20) { all[$1] += $2; sum += $2 }
		next
	}
	FNR == 1 {
		for (l in all)
			due[l] = all[l] ? (all[l] / sum) ^ alpha : 0
		want = most < sum ? most : sum
		# What a language has too little for goes to the others.
		for (round = 0; round < 20; round++) {
			weight = 0; left = want
			for (l in all)
				if (full[l]) left -= all[l]; else weight += due[l]
			again = 0
			for (l in all)
				if (!full[l] && weight && left * due[l] / weight >= all[l]) {
					full[l] = 1; again = 1
				}
			if (!again) break
		}
		for (l in all)
			rate[l] = full[l] ? 1 : left * due[l] / weight / all[l]
	}
	{
		documents[$1]++; size[$1] += $2
		if (FNR % 20 == 0) { print "held"; next }
		met[$1] += $2
		if (kept[$1] + $2 / 2 <= met[$1] * rate[$1]) {
			kept[$1] += $2; in_sample[$1]++
			print "sample"
		} else print "-"
	}
	END {
		print "language\tdocuments\tbytes\tsampled\tsampled_bytes" >ENVIRON["list"]
		close(ENVIRON["list"])
		for (l in documents)
			printf "%s\t%d\t%d\t%d\t%d\n", l, documents[l], size[l],
			       in_sample[l], kept[l] | "sort -t \"\t\" -k3,3nr -k1,1 >>\"$list\""
	}' "$tmp/sizes" "$tmp/sizes" >"$tmp/choice" || die 1 "no sample can be drawn"

pick() { # pick sample|held
	zstd -dqc "$tmp/all.jsonl.zst" | list=$tmp/choice awk -v what="$1" '
		{ getline choice <ENVIRON["list"]; if (choice == what) print }' |
		zstd -q -o "$tmp/$1.jsonl.zst"
}
pick sample && pick held || die 1 "the sample cannot be written"
sed -n '1,12p' "$tmp/languages.tsv" >&2

quern tokenizer train --threads "$threads" --vocab "$vocab" --model "$model" \
	--pattern "$pattern" -o "$tmp/tokenizer.json" "$tmp/sample.jsonl.zst" ||
	die 1 "training failed"
others=()
for f in "${against[@]}"; do others+=(--tokenizer "$f"); done
mv "$tmp/languages.tsv" "$tmp"/{sample,held}.jsonl.zst "$tmp/tokenizer.json" \
	"$work/" || die 1 "$work: cannot write there"
if [ ${#others[@]} -gt 0 ]; then
	quern tokenizer compare -q --threads "$threads" \
		--tokenizer "$work/tokenizer.json" "${others[@]}" \
		--stats "$work/compare.json" -o "$work/compare.tsv" \
		"$work/held.jsonl.zst"
else
	quern tokenizer info -q --threads "$threads" \
		--tokenizer "$work/tokenizer.json" \
		--stats "$work/compare.json" -o "$work/compare.tsv" \
		"$work/held.jsonl.zst"
fi || die 1 "the tokenizers cannot be compared"
cat "$work/compare.tsv"
