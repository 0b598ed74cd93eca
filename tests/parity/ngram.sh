#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# ngram.sh KENLM TEXT [LINES]: language models against KenLM's programs.
#
# KENLM has lmplz, build_binary and query (kpu/kenlm, commit 4cb443e or its
# release 0.3.0), TEXT is plain text, a sentence a line.  Every tenth line is
# scored, the others are trained on.  Are the models, the binary files and the
# scores of each kind the same; processor time of both.
set -eu -o pipefail
[ $# -ge 2 ] || { sed -n '4s/^# /usage: /p' "$0" >&2; exit 2; }
kenlm=$(realpath "$1")
text=$(realpath "$2")
lines=${3:-1000000}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

same() { # same WHAT A B
	if cmp -s "$2" "$3"; then echo "$1: the same"; else echo "$1: DIFFERENT"; fi
}
cpu() { # cpu COMMAND...: seconds of processor time, median of three
	for _ in 1 2 3; do
		(TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>/dev/null) 2>&1
	done | awk '{ print $1 + $2 }' | sort -g | sed -n 2p
}
head -n "$lines" "$text" | awk 'NR % 10 == 0' >test.txt
head -n "$lines" "$text" | awk 'NR % 10 != 0' >train.txt
jq -R -c '{text: .}' train.txt >train.jsonl
wc -w train.txt test.txt | head -n 2

lmplz() { "$kenlm/lmplz" -o 5 -S 1G -T "$tmp/t" <train.txt >theirs.arpa; }
ours() { quern perplexity train -q --threads 1 --order 5 --normalize none -o ours.arpa train.jsonl; }
echo "train: $(cpu ours) s; lmplz $(cpu lmplz) s"
same "order 5" ours.arpa theirs.arpa
"$kenlm/lmplz" -o 4 --prune 0 1 2 -S 1G -T "$tmp/t" <train.txt >pruned.theirs 2>/dev/null
quern perplexity train -q --order 4 --prune 0,1,2 --normalize none -o pruned.ours train.jsonl
same "order 4, pruned" pruned.ours pruned.theirs
rm -f pruned.*

kind() { # kind NAME OPTIONS...
	local name=$1
	shift
	"$kenlm/build_binary" "$@" theirs.arpa "$name" >/dev/null 2>&1
	"$kenlm/query" -v word "$name" <test.txt 2>/dev/null | tr '\t' '\n' |
		awk '/^[^ ]*=[0-9]+ [0-9]+ / { print $2, $3 }' >theirs.scores
	quern perplexity query --words --model "$name" test.txt |
		awk -F'\t' 'NF { print $1, $2 }' >ours.scores
	# query prints eight digits.
	paste -d' ' ours.scores theirs.scores | awk -v name="$name" '
		{ d = $2 - $4; if (d < 0) d = -d; if (d > worst) worst = d; n += $1 != $3 }
		END { printf "%s: %d words, %d lengths differ, logarithms by at most %.1e\n",
			name, NR, n, worst }'
	theirs() { "$kenlm/query" -v sentence "$name" <test.txt; }
	mine() { quern perplexity query --threads 1 --model "$name" test.txt; }
	echo "$name: query $(cpu mine) s; KenLM's $(cpu theirs) s"
}
kind probing probing
quern perplexity convert theirs.arpa -o converted
same "convert" converted probing
kind trie trie
kind trie-q -q 8 -b 8 trie
kind trie-a-q -a 22 -q 8 -b 8 trie
