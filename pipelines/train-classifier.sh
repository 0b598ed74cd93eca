#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Documents of two or more kinds in; a classifier and how well it does out.  See -h.
set -u -o pipefail
export LC_ALL=C

work=classifier
threads=$(nproc)
preset=
label="label"
words=0
epochs=
lr=
ngrams=
dim=100
bucket=500000
held=10
classes=()

usage() {
	cat <<EOT
usage: train-classifier.sh [options] --class NAME=FILE... | DOCUMENTS...
From documents (JSON Lines, .zst, .gz) of known kinds to a text classifier and
a table of how it does on documents that were kept out.

options:
  -w, --work DIR         where all files go (default: $work)
  -t, --threads N        threads a command (default: $threads)
      --preset NAME      quality: good reference text against raw crawl, in pieces
                         of 200 words, so that length tells nothing, as many of
                         each kind, 5 epochs or more where there is little;
                         toxicity: short texts with labels
      --class NAME=FILE  all documents of FILE are of that kind; for each kind one
                         or more
      --label KEY        without --class: metadata.KEY is the kind (default: $label)
      --words N          cut texts into pieces of N words; 0: as they are
      --epochs N, --lr X, --word-ngrams N, --dim N, --bucket N
                         for quern classify train (dim $dim, bucket $bucket)
      --held N           every N-th document is kept out (default: $held)
  -h, --help             this text

examples:
  train-classifier.sh --preset quality --class good=encyclopaedia.jsonl.zst \\
      --class crawl=crawl.jsonl.zst
  quern classify label --model $work/model.bin --name quality --keep good docs.jsonl
  train-classifier.sh --preset toxicity --label class comments.jsonl

DIR gets
  model.bin              the classifier, for quern classify label
  train.jsonl.zst        what it was trained on, without copies, in mixed order
  held.jsonl.zst         what it was measured on, labelled
  table.txt              for each kind how many, precision, recall and F1; the
                         share that is right, and of always the most frequent kind
EOT
}

die() {
	echo "train-classifier.sh: $*" >&2
	exit "${2:-1}"
}

need() { # need OPTION VALUE...
	[ $# -ge 2 ] || { echo "train-classifier.sh: $1 takes a value; see -h" >&2; exit 2; }
}

files=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	-w | --work) need "$@"; work=$2; shift ;;
	-t | --threads) need "$@"; threads=$2; shift ;;
	--preset) need "$@"; preset=$2; shift ;;
	--class) need "$@"; classes+=("$2"); shift ;;
	--label) need "$@"; label=$2; shift ;;
	--words) need "$@"; words=$2; shift ;;
	--epochs) need "$@"; epochs=$2; shift ;;
	--lr) need "$@"; lr=$2; shift ;;
	--word-ngrams) need "$@"; ngrams=$2; shift ;;
	--dim) need "$@"; dim=$2; shift ;;
	--bucket) need "$@"; bucket=$2; shift ;;
	--held) need "$@"; held=$2; shift ;;
	-*) echo "train-classifier.sh: no option $1; see -h" >&2; exit 2 ;;
	*) files+=("$1") ;;
	esac
	shift
done
case $preset in
'') ;;
quality)
	[ "$words" != 0 ] || words=200
	: "${lr:=0.1}" "${ngrams:=2}"
	;;
toxicity) : "${epochs:=10}" "${lr:=0.25}" "${ngrams:=2}" ;;
*) echo "train-classifier.sh: --preset: quality or toxicity, not $preset" >&2; exit 2 ;;
esac
: "${lr:=0.1}" "${ngrams:=1}"
[ "$preset" = quality ] || : "${epochs:=5}"
for n in "$words" "${epochs:-5}" "$ngrams" "$dim" "$bucket" "$held" "$threads"; do
	[[ $n =~ ^[0-9]+$ ]] || { echo "train-classifier.sh: '$n' is no number; see -h" >&2; exit 2; }
done
[ "$held" -ge 2 ] || { echo "train-classifier.sh: --held: 2 or more" >&2; exit 2; }
[ ${#classes[@]} -gt 0 ] || [ ${#files[@]} -gt 0 ] || { usage >&2; exit 2; }
[ ${#classes[@]} -eq 0 ] || [ ${#files[@]} -eq 0 ] ||
	{ echo "train-classifier.sh: either --class or documents with labels" >&2; exit 2; }
for c in ${classes[@]+"${classes[@]}"}; do
	[[ $c == ?*=?* ]] || { echo "train-classifier.sh: --class $c: not NAME=FILE" >&2; exit 2; }
	[ -r "${c#*=}" ] || die "${c#*=}: cannot be read"
done
for f in ${files[@]+"${files[@]}"}; do
	[ -r "$f" ] || die "$f: cannot be read"
done
mkdir -p "$work" || exit 1
work=$(cd "$work" && pwd)

# Copies would stand on both sides of the split: dedup passes what it reads first.
documents() { # each with its kind as metadata.kind, and nothing else
	local c
	for c in ${classes[@]+"${classes[@]}"}; do
		quern dedup exact -q --threads "$threads" "${c#*=}" |
			jq -c --arg kind "${c%%=*}" '{text, metadata: {kind: $kind}}' || return
	done
	[ ${#files[@]} -eq 0 ] ||
		quern dedup exact -q --threads "$threads" "${files[@]}" |
		jq -c --arg key "$label" '.metadata[$key] as $kind |
			select($kind != null) | {text, metadata: {kind: ($kind | tostring)}}'
}

# Pieces of a document are all on one side.
pieces() {
	if [ "$words" -eq 0 ]; then
		cat
	else
		jq -c --argjson n "$words" '.metadata as $m |
			[.text | split("\n")[] | split("\t")[] | split(" ")[] |
				select(length > 0)] as $w |
			range(0; $w | length; $n) as $i |
			{text: ($w[$i:$i + $n] | join(" ")), metadata: $m}'
	fi
}

# The order is mixed, always in the same way.
mix() { shuf --random-source=<(yes mix); }

documents | quern dedup exact -q >"$work/all.jsonl" || die "cannot read the documents"
awk -v n="$held" 'NR % n != 0' "$work/all.jsonl" | pieces | mix >"$work/train.jsonl" ||
	die "cannot write $work/train.jsonl"
if [ "$preset" = quality ]; then
	# As many pieces of each kind as the rarest has.
	jq -r .metadata.kind "$work/train.jsonl" | awk '
		NR == FNR { n[$0]++; next }
		FNR == 1 { for (k in n) if (!least || n[k] < least) least = n[k] }
		{ print ++seen[$0] <= least }' <(jq -r .metadata.kind "$work/train.jsonl") - |
		paste "$work/train.jsonl" - | sed -n 's/\t1$//p' >"$work/balanced.jsonl" &&
		mv "$work/balanced.jsonl" "$work/train.jsonl" || die "cannot balance the kinds"
	# Few pieces are gone over more often.
	pieces=$(wc -l <"$work/train.jsonl")
	: "${epochs:=$((pieces * 5 >= 100000 ? 5 : pieces * 50 <= 100000 ? 50 : 100000 / pieces))}"
fi
zstd -q -f --rm "$work/train.jsonl" -o "$work/train.jsonl.zst" ||
	die "cannot write $work/train.jsonl.zst"
awk -v n="$held" 'NR % n == 0' "$work/all.jsonl" | pieces >"$work/held.jsonl" ||
	die "cannot write $work/held.jsonl"
rm -f "$work/all.jsonl"
quern classify train -q --threads "$threads" --label kind --epochs "$epochs" --lr "$lr" \
	--word-ngrams "$ngrams" --dim "$dim" --bucket "$bucket" -o "$work/model.bin" "$work/train.jsonl.zst" ||
	die "training failed"
quern classify label -q --threads "$threads" --model "$work/model.bin" --name guess \
	-o "$work/held.jsonl.zst" "$work/held.jsonl" || die "labelling failed"
rm -f "$work/held.jsonl"

# Kinds by name; F1 is the harmonic mean of precision and recall.
zstd -dcq "$work/held.jsonl.zst" | jq -r '[.metadata.kind, .metadata.guess // ""] | @tsv' |
	awk -F'\t' '
	{ n++; right += $1 == $2; is[$1]++; said[$2]++; hit[$1] += $1 == $2 }
	END {
		if (!n) exit 1
		for (k in is) if (is[k] > most) most = is[k]
		for (k in is) {
			p = said[k] ? hit[k] / said[k] : 0
			r = hit[k] / is[k]
			f = p + r ? 2 * p * r / (p + r) : 0
			sum += f; kinds++
			printf "1 %-20s %8d %9.4f %9.4f %9.4f\n", k, is[k], p, r, f
		}
		printf "0 %-20s %8s %9s %9s %9s\n", "kind", "held out", "precision", "recall", "F1"
		printf "2 %-20s %8d %29.4f\n", "mean F1", n, sum / kinds
		printf "3 %-20s %8d %29.4f\n", "right", n, right / n
		printf "4 %-20s %8d %29.4f\n", "most frequent kind", most, most / n
	}' | sort -k1,1n -k2,2 | cut -c3- >"$work/table.txt" ||
	die "no document was kept out: give more than $held"
cat "$work/table.txt"
