#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# dedup_scale.sh [SIZE...]: how the time of dedup minhash grows with its input,
# and what memory it takes: 64M, 256M, 1G (1x, 4x, 16x) and 10G by default.
#
#	CORPUS="FILE..."  texts whose words the documents are made of
#	THREADS=2 MEMORY=2G METHOD="minhash"
#	TMPDIR            for the documents and sorted runs: 4 times SIZE
#
# The documents are made by bench/dedup_text and deleted again.  A line for each
# SIZE: bytes, documents, kept, seconds, CPU seconds, MB/s, MB/s a core of CPU,
# and the most memory (ru_maxrss).
set -eu -o pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${QUERN_BIN:-$top/build/bin}
shared=${QUERN_SHARED:-$top/../shared}
CORPUS=${CORPUS:-$shared/data/books/books.en.jsonl.zst $shared/data/lm/c4_demo.jsonl.zst
	$shared/data/lm/us_speeches.jsonl.zst $shared/data/lm/wiki_demo.txt.zst}
dir=$(mktemp -d "${TMPDIR:-/tmp}/quern-scale-XXXXXX")
trap 'rm -rf "$dir"' EXIT
export TMPDIR=$dir

printf '%8s %12s %10s %10s %8s %8s %8s %8s %8s\n' \
	size bytes documents kept wall_s cpu_s MB/s MB/cpu_s max_MB
for size in "${@:-64M 256M 1G 10G}"; do
	for one in $size; do
		# shellcheck disable=SC2086 # words are wanted
		"$bin/../bench/dedup_text" "$one" 1 $CORPUS >"$dir/in.jsonl"
		bytes=$(stat -c %s "$dir/in.jsonl")
		# shellcheck disable=SC2086 # words are wanted
		"$(command -v time)" -o "$dir/time" -f '%e %U %S %M' \
			"$bin/quern" dedup ${METHOD:-minhash} -q --threads "${THREADS:-2}" \
			--memory "${MEMORY:-2G}" --stats "$dir/stats.json" "$dir/in.jsonl" -o /dev/null
		read -r wall user sys rss <"$dir/time"
		awk -v size="$one" -v bytes="$bytes" -v wall="$wall" -v cpu="$user $sys" -v rss="$rss" \
			-v docs="$(jq .records.in "$dir/stats.json")" -v kept="$(jq .records.kept "$dir/stats.json")" \
			'BEGIN {
				split(cpu, c, " ")
				t = c[1] + c[2]
				printf "%8s %12.0f %10d %10d %8.1f %8.1f %8.1f %8.1f %8.0f\n", size, bytes,
					docs, kept, wall, t, bytes / 1e6 / wall, bytes / 1e6 / t, rss / 1024
			}'
		rm "$dir/in.jsonl"
	done
done
