#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# man-setup.sh DIR: the files that the examples of the man pages read.
set -eu -o pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$1"

# A small crawl, and pages and texts out of it.
"$top/pipelines/sample/make-sample" -n 30 -o crawl.warc.gz
mkdir -p pages
cp "$top"/pipelines/sample/pages/en-*.html pages/
cp pages/en-water-mill.html page.html
sed 's/<[^>]*>//g' pages/en-bees.html >notes.txt
sed '1d; s/<[^>]*>//g' page.html >mill.txt
# A book in a zip, a paper in a tar.
printf 'The mill stood by the river, and the river ran.\n' >book.txt
zip -q -X books.zip book.txt
printf '\\documentclass{article}\\begin{document}On mills.\\end{document}\n' >main.tex
tar -czf paper.tar.gz main.tex

# Documents: one a page, some of them twice.
n=0
for f in pages/*.html pages/en-b*.html; do
	n=$((n + 1))
	sed '1d; s/<[^>]*>/ /g' "$f" | jq -R -s -c --arg id "page-$n" \
		--arg url "https://pages.example/$n" '{id: $id, text: .,
		metadata: {url: $url, language: "en", language_score: 0.99}}'
done >documents.jsonl
head -n 5 documents.jsonl >sample.jsonl
cp documents.jsonl docs.jsonl

# Documents enough to train on.
for _ in 1 2 3 4 5 6 7 8; do cat documents.jsonl; done >many.jsonl

# Lists of URLs and words.
mkdir -p lists/adult lists/gambling
echo bad.example >lists/adult/domains
echo dice.example/play >lists/gambling/urls
printf 'grist\nmill stone\n' >words.txt

# Classifiers of fastText.
cp "$top/tests/models/soft.bin" languages.bin
cp "$top/tests/models/quantised.ftz" quality.ftz
# Language models of n-grams; perplexities by one, their cut-offs; sentences.
quern perplexity train -q --discount-fallback -o en.arpa documents.jsonl
quern perplexity convert -q en.arpa -o en.arpa.bin
quern perplexity label -q --model en.arpa documents.jsonl >scored.jsonl
quern perplexity cutoffs -q scored.jsonl -o cutoff.csv
cp mill.txt sentences.txt
# Evaluation items, one of them out of a page.
jq -c '.text | [splits("\\s+")] | {id: "q1", question: .[20:50] | join(" "),
	solution: "A solution of one step, by counting on from where the other one began."}' \
	sample.jsonl | head -n 1 >quiz.jsonl

# A tokenizer, two shards and a recipe for them.
quern tokenizer train -q --vocab 400 -o tokenizer.json documents.jsonl
quern shard -q --tokenizer tokenizer.json -o web documents.jsonl
quern shard -q --tokenizer tokenizer.json -o sample sample.jsonl
cat >run.mix <<'END'
%mix 1
source web    web
source sample sample  epochs<=4
batch 512
phase base 4K seq=64 web:80 sample:rest
END

# A model that takes a moment to train.
cat >model.json <<'END'
{"model_type": "llama", "vocab_size": 400, "hidden_size": 32,
 "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
 "max_position_embeddings": 64, "tie_word_embeddings": true}
END

# Rows to measure that model on, and the model.
cat >valid.mix <<'END'
%mix 1
source sample sample
batch 512
phase only 1K seq=64 sample:100
END
quern train -q --config model.json --recipe run.mix --lr 1e-2 \
	--tokenizer tokenizer.json --out trained
cp -rL trained/last tiny
rm -r trained
