#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# perplexity: KenLM's scores, lmplz's models, buckets of documents.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
for f in arpa probing trie qtrie atrie qatrie query.txt train.txt; do
	cp "$top/tests/models/ngram.$f" .
done

# Scores as KenLM's Python module gives them, %.9g and the n-gram's length.
words() { # words MODEL: in the same layout
	quern perplexity query --words --model "$1" ngram.query.txt |
		awk -F'\t' 'NF { printf "%s %s ", $2, $1 } !NF { print "" }'
}
for k in arpa probing trie atrie; do
	check "$k: KenLM's scores" cmp <(words ngram.$k) "$top/tests/models/ngram.arpa.kenlm"
done
for k in qtrie qatrie; do
	check "$k: KenLM's scores" cmp <(words ngram.$k) "$top/tests/models/ngram.qtrie.kenlm"
done
zstd -q ngram.arpa ngram.qatrie
gzip -k ngram.trie
equal "compressed models" "$(words ngram.arpa)" "$(words ngram.arpa.zst)"
equal "compressed binaries" "$(words ngram.qatrie)" "$(words ngram.qatrie.zst)"
equal "compressed tries" "$(words ngram.trie)" "$(words ngram.trie.gz)"
equal "a model from stdin" "$(words ngram.trie)" "$(words - <ngram.trie)"
check "convert: what build_binary writes" cmp <(quern perplexity convert ngram.arpa.zst) ngram.probing
exits 2 "convert: a binary is one already" quern perplexity convert ngram.trie
golden perplexity-query quern perplexity query --model ngram.trie ngram.query.txt
for _ in $(seq 300); do cat ngram.query.txt; done >long.txt
threads "query" quern perplexity query --model ngram.qatrie long.txt
printf 'the mill' >open.txt
equal "a last line without its end" "$(quern perplexity query --model ngram.trie open.txt)" \
	"$(echo the mill | quern perplexity query --model ngram.trie)"
: >empty
equal "no text" "" "$(quern perplexity query --model ngram.trie empty)"

# Training: lmplz's model, whatever the memory and the threads.
jq -R -c '{text: .}' ngram.train.txt >train.jsonl
fit() { # fit OPTIONS...
	quern perplexity train -q --normalize none --discount-fallback train.jsonl "$@"
}
check "train: what lmplz writes" cmp <(fit --order 3 --prune 0,0,1) ngram.arpa
threads "training" fit --order 5
equal "as many lines" "$(fit --order 1 | wc -l)" "$(fit --order 1 --memory 1M | wc -l)"
for _ in $(seq 60); do cat train.jsonl; done >many.jsonl
deep() {
	quern perplexity train -q --order 5 --discount-fallback many.jsonl "$@"
}
check "runs on disk" cmp <(deep) <(deep --memory 200K)
fit --order 2 --stats stats.json -o two.arpa
golden perplexity-train-stats jq -c '[.sentences, .words, .vocabulary, .orders]' stats.json
golden perplexity-no-discounts quern perplexity train --order 3 train.jsonl
exits 2 "prune: falling" fit --prune 0,2,1
exits 2 "prune: words" fit --prune 1
exits 2 "prune: more than orders" fit --order 2 --prune 0,0,0
exits 2 "order 11" fit --order 11
golden perplexity-no-words quern perplexity train <<<'{"text":" "}'
exits 1 "words beyond half the memory" fit --memory 10K

# Documents: by line, as one sentence, by language.
cat >docs.jsonl <<'END'
{"id":"a","text":"The water of the MILL,\nand 1984 bees.","metadata":{"language":"en"}}
{"id":"b","text":"","metadata":{"language":"en","perplexity":3}}
{"id":"c","text":"The water of the mill","metadata":{"language":"de","url":"x"}}
{"id":"d","text":"«\u00c9l\u00e8ve» … zork"}
END
quern perplexity train -q --discount-fallback -o en.arpa train.jsonl
golden perplexity-label quern perplexity label --model en.arpa docs.jsonl
golden perplexity-label-document quern perplexity label --model en.arpa --sentence document docs.jsonl
golden perplexity-label-language quern perplexity label --model en=en.arpa --normalize none docs.jsonl
printf ',de,en\n30,10,90\n60,20,500\n' >cutoff.csv
golden perplexity-buckets quern perplexity label --model en.arpa --cutoffs cutoff.csv docs.jsonl
rejects() { # rejects OPTIONS...: what is dropped, and why
	quern perplexity label --model en.arpa --cutoffs cutoff.csv -o kept.jsonl \
		--rejects rejects.jsonl "$@" && cat rejects.jsonl
}
golden perplexity-rejects rejects --keep head,middle docs.jsonl
for _ in $(seq 400); do cat docs.jsonl; done >more.jsonl
threads "label" quern perplexity label --model en.arpa --cutoffs cutoff.csv more.jsonl
threads "label's rejects" rejects --keep tail more.jsonl

# The words are tokens.
quern tokenizer train -q --vocab 300 -o tokenizer.json ngram.train.txt
quern perplexity train -q --tokenizer tokenizer.json --discount-fallback -o tokens.arpa train.jsonl
golden perplexity-tokens quern perplexity label --model tokens.arpa --tokenizer tokenizer.json docs.jsonl

# Cut-offs measured by ourselves: a third of the sample each.
quern perplexity label --model en.arpa train.jsonl >measured.jsonl
quern perplexity cutoffs measured.jsonl -o own.csv
equal "101 percentiles" 102 "$(wc -l <own.csv)"
jq -c '.metadata.language = "und"' measured.jsonl >und.jsonl
equal "shares by own cut-offs" "4 head 5 middle 7 tail" "$(quern perplexity label --model en.arpa \
	--cutoffs own.csv und.jsonl | jq -r .metadata.bucket | sort | uniq -c | xargs)"
threads "cutoffs" quern perplexity cutoffs --sample 7 measured.jsonl
golden perplexity-cutoffs-none quern perplexity cutoffs train.jsonl

# What cannot be.
golden perplexity-no-model quern perplexity label docs.jsonl
golden perplexity-bad-model quern perplexity query --model docs.jsonl empty
head -c 5000 ngram.trie >short.trie
golden perplexity-short-model quern perplexity query --model short.trie empty
head -c 9000 ngram.arpa >short.arpa
golden perplexity-short-arpa quern perplexity query --model short.arpa empty
sed 's/version 5/version 4/' ngram.probing >old.bin
golden perplexity-old-model quern perplexity query --model old.bin empty
golden perplexity-bad-cutoffs quern perplexity label --model en.arpa --cutoffs cutoff.csv --head 40 docs.jsonl
exits 2 "two models for a language" quern perplexity label --model en.arpa --model en.arpa docs.jsonl
exits 2 "a tokenizer without a model" quern perplexity label --model en=en.arpa --tokenizer de=tokenizer.json docs.jsonl
exits 2 "keep without cut-offs" quern perplexity label --model en.arpa --keep head docs.jsonl
exits 2 "keep: no such bucket" quern perplexity label --model en.arpa --cutoffs cutoff.csv --keep best docs.jsonl
exits 1 "no such model" quern perplexity query --model none.bin empty
check "help" quern perplexity label -h
finish
