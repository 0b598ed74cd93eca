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
sed '1d; s/<[^>]*>//g' page.html >mill.txt

# Documents: one a page, some of them twice.
n=0
for f in pages/*.html pages/en-b*.html; do
	n=$((n + 1))
	sed '1d; s/<[^>]*>/ /g' "$f" | jq -R -s -c --arg id "page-$n" \
		--arg url "https://pages.example/$n" '{id: $id, text: .,
		metadata: {url: $url, language: "en", language_score: 0.99}}'
done >documents.jsonl
cp documents.jsonl docs.jsonl

# A tokenizer, a shard, a recipe and a config that fit each other.
quern tokenizer train -q --vocab 400 -o tokenizer.json documents.jsonl
quern shard -q --tokenizer tokenizer.json -o pages documents.jsonl
cat >run.mix <<'END'
%mix 1
seed 1
source pages pages.bin
batch 512
phase base 4K seq=64 pages:100
END
cat >model.json <<'END'
{"model_type": "llama", "vocab_size": 400, "hidden_size": 32,
 "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
 "max_position_embeddings": 64, "tie_word_embeddings": true}
END
