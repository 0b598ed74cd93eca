#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# classify: labels by models of fastText; lang --model.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
models=$top/tests/models
cp "$models/soft.bin" "$models/quantised.ftz" "$models/hs.bin" .

rejects() { # rejects OPTIONS...: what is dropped, and why
	quern classify label --rejects rejects.jsonl -o kept.jsonl "$@" && cat rejects.jsonl
}

stats() { # stats OPTIONS...: the counts
	quern classify label --stats stats.json -o kept.jsonl "$@" && cat stats.json
}

cat >docs.jsonl <<END
{"id":"en","text":"The old mill by the river\\ngrinds rye.","metadata":{"url":"https://mill.example/"}}
{"id":"de","text":"Die Mühle mahlt den Weizen im Herbst"}
{"id":"fr","text":"le moulin et le meunier","metadata":{"label":"old"}}
{"id":"none","text":""}
{"id":"odd","text":"\\u0000 __label__x </s>"}
END
golden classify quern classify label --model soft.bin docs.jsonl
golden classify-hs quern classify label --model hs.bin --name kind --top 3 docs.jsonl
golden classify-ftz quern classify label --model quantised.ftz docs.jsonl
golden classify-rejects rejects --model soft.bin --keep deu_Latn,fra_Latn --min-score 0.998 docs.jsonl
golden classify-lang quern lang --model soft.bin docs.jsonl
golden classify-stats stats --model soft.bin --keep eng_Latn docs.jsonl
golden classify-unknown quern classify label --model soft.bin --keep eng_Latn,ita docs.jsonl
golden classify-lang-unknown quern lang --model soft.bin --keep it docs.jsonl
golden classify-no-model quern classify label docs.jsonl
golden classify-bad-model quern classify label --model docs.jsonl docs.jsonl
head -c 3000 soft.bin >short.bin
golden classify-short-model quern classify label --model short.bin docs.jsonl
exits 1 "no such model" quern classify label --model none.bin docs.jsonl
exits 2 "--top 0" quern classify label --model soft.bin --top 0 docs.jsonl
check "help" quern classify label -h

# Parts of texts.
cat >mixed.jsonl <<'END'
{"id":"mixed","text":"The old mill by the river grinds rye. Die Mühle mahlt den Weizen im Herbst.\n\nIts wheel turns.\n  le moulin et le meunier \n1 2 3\n"}
{"id":"de","text":"Die Mühle mahlt den Weizen im Herbst."}
{"id":"blank","text":" \n"}
END
parts() { # parts OPTIONS...: what is kept, dropped, counted
	rejects --stats stats.json "$@" mixed.jsonl && cat kept.jsonl &&
		jq -c '[.records, .units, .text_bytes, .dropped]' stats.json
}
golden classify-paragraphs quern classify label --model soft.bin --unit paragraph mixed.jsonl
golden classify-sentences quern classify label --model soft.bin --unit sentence --name lang mixed.jsonl
golden classify-drop parts --model soft.bin --drop deu_Latn,fra_Latn --drop-above 0.35
golden classify-drop-paragraphs parts --model soft.bin --unit paragraph --drop deu_Latn,fra_Latn --drop-above 0.35
golden classify-drop-sentences parts --model soft.bin --unit sentence --drop deu_Latn --drop-above 0.9
golden classify-keep-sentences parts --model soft.bin --unit sentence --keep eng_Latn --min-score 0.9
golden classify-drop-unknown quern classify label --model soft.bin --drop ita mixed.jsonl
exits 2 "--drop-above 2" quern classify label --model soft.bin --drop-above 2 mixed.jsonl
exits 2 "--unit page" quern classify label --model soft.bin --unit page mixed.jsonl

yes 'Die Mühle. ' | head -n 10003 | jq -R -s -c '{text: .}' >long.jsonl
equal "of many parts the first are told" '[10001,{"more":3}]' \
	"$(quern classify label --model soft.bin --unit sentence long.jsonl |
		jq -c '.metadata.label_units | [length, last]')"

for _ in $(seq 400); do cat docs.jsonl mixed.jsonl; done >many.jsonl
threads "classify" quern classify label --model soft.bin --top 2 many.jsonl
threads "classify's sentences" quern classify label --model hs.bin --unit sentence --drop deu_Latn many.jsonl
threads "classify's counts of parts" stats --model soft.bin --unit paragraph --keep eng_Latn many.jsonl
threads "classify's rejects" rejects --model soft.bin --keep deu_Latn many.jsonl
threads "lang by a model" quern lang --model quantised.ftz many.jsonl

# Training: a text's label is the first of its words that has a colour.
for i in $(seq 200); do
	case $((i % 3)) in
	0) echo "{\"text\":\"the red mill $i turns\",\"metadata\":{\"kind\":\"warm\"}}" ;;
	1) echo "{\"text\":\"a blue stream $i runs by\",\"metadata\":{\"kind\":\"cold\"}}" ;;
	2) echo "{\"text\":\"no colour $i\"}" ;;
	esac
done >train.jsonl
fit() { # fit OPTIONS...: a small model
	quern classify train -q --label kind --dim 8 --lr 0.5 --bucket 1000 train.jsonl "$@"
}
threads "training" fit
threads "training with n-grams" fit --word-ngrams 2 --minn 2 --maxn 4
threads "training a tree" fit --loss hs --seed 3
for loss in softmax hs; do
	fit --loss $loss --word-ngrams 2 -o own.bin --stats own.json
	equal "$loss: what was trained on" '{"in":200,"kept":133,"dropped":67,"damaged":0}' \
		"$(jq -c .records own.json)"
	equal "$loss: guesses" "warm cold " "$(printf '%s\n' '{"text":"red"}' \
		'{"text":"a blue moon"}' | quern classify label --model own.bin |
		jq -r .metadata.label | tr '\n' ' ')"
	command -v fasttext >/dev/null || continue
	equal "$loss: fasttext reads the model and says the same" \
		"$(printf 'red mill\nno runs by it\n' | fasttext predict-prob own.bin - |
			sed 's/__label__//; s/\(\.....\).*/\1/')" \
		"$(printf '%s\n' '{"text":"red mill"}' '{"text":"no runs by it"}' |
			quern classify label --model own.bin |
			jq -r '"\(.metadata.label) \(.metadata.label_score)"' |
			sed 's/\(\.....\).*/\1/')"
done
exits 2 "a score above 1" quern classify label --model soft.bin \
	--min-score 50 docs.jsonl
equal "no labels: the message says where they were looked for" \
	"quern classify train: --label none: 0 labels in 0 documents: two labels are needed, and at most 2^31 documents" \
	"$(quern classify train --label none -o none.bin train.jsonl 2>&1)"
exits 1 "one label alone" quern classify train --label none -o none.bin train.jsonl
check "leaves no file" test ! -e none.bin
echo '{"text":"x","metadata":{"kind":"a b"}}' >space.jsonl
exits 1 "a label with a space" fit space.jsonl -o none.bin
exits 2 "n-grams out of order" fit --minn 3 --maxn 2 -o none.bin
for o in "--dim 20" "--minn 2" "--maxn 3" "--bucket 9" "--word-ngrams 2" "--min-count 3" "--loss hs"; do
	# shellcheck disable=SC2086 # an option and its value
	exits 2 "languages know no $o" quern classify train --kind language $o -o none.qlm train.jsonl
done
exits 2 "a rate of nothing" fit --lr 1000 -o none.bin

# As the fasttext program says, if there is one.
if command -v fasttext >/dev/null; then
	for m in soft.bin hs.bin quantised.ftz; do
		head -n 4 docs.jsonl | jq -r '.text | gsub("[\\n\\u0000]"; " ")' | fasttext predict "$m" - >want
		head -n 4 docs.jsonl | quern classify label --model "$m" |
			jq -r '"__label__" + .metadata.label' >got
		check "$m: fasttext's labels" cmp want got
	done
fi
finish
