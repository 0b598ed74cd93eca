#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# neardup.sh FOLDER [SCORER]
#
# dedup minhash, profile plain, on each set of versions in FOLDER
# (NAME.jsonl[.zst] with NAME.pairs.tsv[.zst]: id, id, Jaccard of 5-word runs,
# for every pair from .05 on): recall and precision of the pairs at .8, by
# SCORER if it is given (GOLD.tsv PAIRS.tsv THRESHOLD), else counted here.
# Exit status 1 if recall is under .99 or precision under 1.
set -eu
data=${1:?usage: neardup.sh FOLDER [SCORER]}
scorer=${2:-}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/quern-neardup-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
bad=0
for gold in "$data"/*.pairs.tsv*; do
	name=${gold##*/}
	name=${name%%.pairs.tsv*}
	zstd -dcqf "$gold" >"$tmp/gold.tsv"
	quern dedup minhash -q --verify .8 --pairs "$tmp/pairs.tsv" \
		--stats "$tmp/stats.json" -o "$tmp/kept.jsonl" "$data/$name".jsonl*
	awk -F'\t' '$3 != "jaccard_word5" && $3 >= .8 { print $1 "\t" $2 }' \
		"$tmp/gold.tsv" | LC_ALL=C sort >"$tmp/truth"
	cut -f 1,2 "$tmp/pairs.tsv" | LC_ALL=C sort >"$tmp/found"
	both=$(LC_ALL=C comm -12 "$tmp/truth" "$tmp/found" | wc -l)
	truth=$(wc -l <"$tmp/truth")
	found=$(wc -l <"$tmp/found")
	echo "$name: $truth pairs, $found reported, $both right;" \
		"$(jq -r '"\(.records.in) documents, \(.records.kept) kept"' "$tmp/stats.json")"
	[ -z "$scorer" ] || python3 "$scorer" "$tmp/gold.tsv" "$tmp/pairs.tsv" .8
	[ $((both * 100)) -ge $((truth * 99)) ] && [ "$both" -eq "$found" ] || bad=1
done
exit $bad
