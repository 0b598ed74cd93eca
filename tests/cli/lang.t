#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# lang: what it says of texts, what it keeps.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

rejects() { # rejects OPTIONS...: what is dropped, and why
	quern lang --rejects rejects.jsonl -o kept.jsonl "$@" && cat rejects.jsonl
}

stats() { # stats OPTIONS...: the counts
	quern lang --stats stats.json -o kept.jsonl "$@" && cat stats.json
}

cat >docs.jsonl <<'END'
{"id":"en","text":"The old mill stands by the river, and its wheel turns all day long.","metadata":{"url":"https://mill.example/","language":"xx"},"more":[1, 2]}
{"id":"de","text":"Die alte M\u00fchle steht am Fluss, und ihr Rad dreht sich den ganzen Tag."}
{"id":"fr","text":"Le vieux moulin est au bord de la rivière, et sa roue tourne toute la journée."}
{"id":"ja","text":"水車小屋は川のそばにあり、その車は一日中回っている。"}
{"id":"zh-hans","text":"老磨坊在河边，水车整天转动，磨坊主唱着歌。"}
{"id":"zh-hant","text":"老磨坊在河邊，水車整天轉動，磨坊主唱著歌。"}
{"id":"he","text":"הטחנה הישנה עומדת ליד הנהר והגלגל שלה מסתובב כל היום"}
{"id":"short","text":"ok"}
{"id":"numbers","text":"12 34, 56."}
{"id":"empty","text":""}
{"text":"Two languages: das Wasser fließt den Berg hinunter und treibt das Rad."}
END
golden lang quern lang docs.jsonl
golden lang-rejects rejects --keep en,fr --keep he --min-score 0.9 docs.jsonl
golden lang-stats stats --keep en --min-score 0.9 docs.jsonl
golden lang-unknown quern lang --keep en,iw docs.jsonl
golden lang-empty-name quern lang --keep en, docs.jsonl
exits 2 "a score above 1" quern lang --min-score 50 docs.jsonl
exits 2 "a score that is no number" quern lang --min-score high docs.jsonl

for _ in $(seq 300); do cat docs.jsonl; done >many.jsonl
threads "lang" quern lang many.jsonl
threads "lang's rejects" rejects --keep de,und many.jsonl
threads "lang's counts" stats --keep de,und many.jsonl

printf '%s\n' '{"id":"a","text":"The mill."}' '{"id":"b"}' >bad.jsonl
golden lang-damage stats bad.jsonl
exits 1 "--strict stops at damage" quern lang --strict bad.jsonl -o strict.jsonl
check "and leaves no output" test ! -e strict.jsonl

paragraphs='{"id":"mixed","text":"The old mill stands by the river.\n\nIts wheel turns.\n  Die alte Mühle steht am Fluss, und ihr Rad dreht sich.\n1 2 3"}'
echo "$paragraphs" >mixed.jsonl
golden lang-paragraphs quern lang --unit paragraph mixed.jsonl

# A model of our own: the same for any number of threads.
for i in $(seq 40); do
	jq -c --arg i "$i" 'select(.id | IN("en", "de", "fr")) |
		{text: "\(.text) \($i)", metadata: {language: .id}}' docs.jsonl
done >train.jsonl
threads "training" quern classify train --kind language --label language --epochs 3 train.jsonl
quern classify train --kind language --label language --epochs 3 train.jsonl -o own.qlm
quern lang --model own.qlm --keep de docs.jsonl | jq -r .id >got
equal "a model of our own" "de" "$(head -n 1 got)"
exits 2 "which knows no Italian" quern lang --model own.qlm --keep it docs.jsonl
head -c 100 own.qlm >short.qlm
golden lang-short-model quern lang --model short.qlm docs.jsonl
golden classify-train-none quern classify train --kind language --label none -o none.qlm docs.jsonl
check "which leaves no file" test ! -e none.qlm

# One line of 100 MB, and bytes of all kinds.
{ printf '{"text":"'; yes 'na ' | tr -d '\n' | head -c 100000000; printf '"}\n'; } |
	quern lang -q | tail -c 99 | grep -o '"language":.*' >got
check "100 MB on a line" grep -q '"language_reliable"' got

# Newspaper sentences in 75 languages.  The model has seen these; without them
# see tests/parity/lang.sh.
needs "$shared/data/langid/lingua_testdata.jsonl.zst"
needs "$shared/eval/score_lang.py"
zstd -dcq "$shared/data/langid/lingua_testdata.jsonl.zst" >gold.jsonl
quern lang gold.jsonl -o guessed.jsonl
score=$(python3 "$shared/eval/score_lang.py" gold.jsonl guessed.jsonl)
echo "# $score"
check "sentences: at least .98" awk -v s="$score" \
	'BEGIN { match(s, /sentences=[0-9.]*/); exit substr(s, RSTART + 10, 5) < .98 }'
finish
