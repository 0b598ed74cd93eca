#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# summary.sh [DIR]: what crawl-to-model.sh made in DIR, as text: records and
# bytes of each stage, reasons for dropping, tokens, the loss, generated text.
# summary.sh DIR documents: only what became of documents.
set -eu -o pipefail
export LC_ALL=C
cd "${1:-crawl-to-model}"

# A number of bytes as a person reads it.
human='def human: if . >= 1073741824 then "\(. / 10737418.24 | round / 100) G"
	elif . >= 1048576 then "\(. / 10485.76 | round / 100) M"
	elif . >= 1024 then "\(. / 10.24 | round / 100) K" else "\(.)" end;'

table() {
	printf '%-14s %9s %9s %9s %9s %11s %11s\n' stage records kept dropped \
		damaged 'bytes in' 'bytes out'
	jq -r "$human"'[(input_filename | sub(".*[1-9]-"; "") | sub(".stats"; "")
		| sub("-"; " ")), .records.in, .records.kept, .records.dropped,
		.records.damaged, (.bytes.in | human),
		(if .bytes.out > 0 then .bytes.out | human else "-" end)] | @tsv' \
		"${stats[@]}" |
		awk -F '\t' '{ printf "%-14s %9d %9d %9d %9d %11s %11s\n", $1, $2, $3,
			$4, $5, $6, $7 }'
}

reasons() {
	echo 'dropped, by reason'
	jq -r '.command as $c | .dropped | to_entries | sort_by(-.value, .key)
		| .[:6][] | [$c, .value, .key] | @tsv' [1-6]-*.stats |
		awk -F '\t' '{ printf "  %-14s %7d  %s\n", $1, $2, $3 }'
}

tokens() {
	jq -n -r --slurpfile t 8-shard-train.stats --slurpfile v 8-shard-valid.stats \
		--slurpfile c model.json '"tokens: \($t[0].tokens) to train on, "
		+ "\($v[0].tokens) to validate with; vocabulary \($c[0].vocab_size)"'
}

# Loss over steps, 60 x 12: each column is the mean of its steps.
plot() {
	jq -r 'select(.loss) | [.step, .loss] | @tsv' model/log.jsonl | awk '
	BEGIN { n = 0 }
	{ step[n] = $1; loss[n++] = $2 }
	END {
		if (n == 0)
			exit
		w = n < 60 ? n : 60
		h = 12
		for (i = 0; i < n; i++) {
			c = int(i * w / n)
			sum[c] += loss[i]
			many[c]++
		}
		lo = hi = sum[0] / many[0]
		for (c = 0; c < w; c++) {
			y[c] = sum[c] / many[c]
			if (y[c] < lo) lo = y[c]
			if (y[c] > hi) hi = y[c]
		}
		span = hi > lo ? hi - lo : 1
		for (c = 0; c < w; c++)
			row[c] = int((hi - y[c]) / span * (h - 1) + .5)
		print "training loss, nats a token"
		for (r = 0; r < h; r++) {
			line = ""
			for (c = 0; c < w; c++)
				line = line (row[c] == r ? "*" : " ")
			sub(/ +$/, "", line)
			printf "%7.3f |%s\n", hi - span * r / (h - 1), line
		}
		printf "        +%s\n", substr("------------------------------" \
			"------------------------------", 1, w)
		printf "        step %d%*s\n", step[0], w - 5 - length(step[0] ""),
			step[n - 1]
	}'
}

# How far below a model that knows only how frequent each token is.
validation() {
	jq -r -s 'map(select(.valid_loss)) | if length == 0 then empty else last |
		"validation loss \(.valid_loss * 1000 | round / 1000) nats a token; "
		+ "unigram model \(.unigram_loss * 1000 | round / 1000): "
		+ "\((.unigram_loss - .valid_loss) * 1000 | round | fabs / 1000) "
		+ (if .valid_loss < .unigram_loss then "below" else "above" end)
		end' model/log.jsonl
}

seconds() {
	awk 'FNR == 2 { s = s sprintf("%s%s %d s", s ? ", " : "",
		substr(FILENAME, 1, length(FILENAME) - 5), $1) }
		END { print "took: " s }' documents.done tokenizer.done shards.done \
		train.done generate.done
}

stats=([1-8]-*.stats)
[ "${2:-}" != documents ] || stats=([1-6]-*.stats)
echo
table
echo
reasons
echo
[ "${2:-}" != documents ] || exit 0
tokens
echo
plot
validation
echo
echo 'generated text'
tr -d '\000-\010\013-\037\177' <generated.txt | fmt -s -w 76 | sed 's/^/  /'
echo
seconds
