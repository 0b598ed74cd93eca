#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Models that aren't byte-level BPE, their files, and what encode adds.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
quern() { "${QUERN_BIN:-$top/build/bin}/quern" "$@"; }
corpus=$top/tests/fuzz/corpus
ids() { quern tokenizer encode -q --tokenizer "$@"; }

for _ in $(seq 40); do
	cat <<'EOT'
The mill stands by the river, and the river turns the mill.
Die Mühle mahlt.  Das Mühlrad dreht sich, 123 Mal am Tag.
水車が回る。水車が粉をひく。
EOT
done >mill.txt
printf 'no UTF-8: \377\376 \344\270 \300\200 <0x41> <unk> ▁ end' >raw.txt

# Unigram
threads "unigram" quern tokenizer train -q --model unigram --vocab 310 mill.txt
quern tokenizer train -q --model unigram --vocab 310 -o u.json mill.txt
equal "unigram: as many tokens as asked for" 310 \
	"$(jq '.model.vocab | length' u.json)"
ids u.json mill.txt raw.txt >u.ids
check "unigram: any bytes come back" cmp <(cat mill.txt raw.txt) \
	<(quern tokenizer decode -q --tokenizer u.json u.ids)
equal "unigram: its words are pieces" 1 \
	"$(printf ' river' | ids u.json | wc -w)"
seq 1000 9000 >numbers.txt
quern tokenizer train -q --model unigram --vocab 330 -o all.json mill.txt \
	numbers.txt
for f in mill numbers; do
	quern tokenizer train -q --model unigram --stage count -o $f.counts $f.txt
done
quern tokenizer train -q --model unigram --stage learn --vocab 330 -o two.json \
	numbers.counts mill.counts
check "unigram: from counts it is the same" cmp all.json two.json
quern tokenizer train -q --model unigram --vocab 330 --memory 2M -o small.json \
	mill.txt numbers.txt
check "unigram: with little memory it is the same" cmp all.json small.json
exits 2 "unigram: words that don't fit in memory" \
	quern tokenizer train -q --model unigram --vocab 330 --memory 64K \
	mill.txt numbers.txt
exits 2 "unigram: too small a vocabulary" \
	quern tokenizer train --model unigram --vocab 270 mill.txt
exits 2 "unigram: a pattern that cuts bytes" \
	quern tokenizer train --model unigram --pattern falcon mill.txt
exits 1 "unigram has no place in .tiktoken" \
	quern tokenizer convert --tokenizer u.json -o u.tiktoken
quern tokenizer convert -q --tokenizer u.json -o u2.json
check "unigram: written as it was read" cmp <(jq -S . u.json) <(jq -S . u2.json)
exits 2 "unigram has no merges to drop" \
	quern tokenizer encode --tokenizer u.json --dropout .1 mill.txt

# BPE over characters
threads "char-bpe" quern tokenizer train -q --model char-bpe --vocab 330 mill.txt
C=(quern tokenizer train -q --model char-bpe --vocab 330)
"${C[@]}" -o c.json mill.txt
equal "char-bpe: as many tokens as asked for" "330 ByteFallback" \
	"$(jq -r '(.model.vocab | length), .decoder.decoders[0].type' c.json |
		paste -sd ' ')"
equal "char-bpe: merges are pairs, all of them" '["array"]' \
	"$(jq -c '.model.merges | map(type) | unique' c.json)"
ids c.json mill.txt raw.txt >c.ids
check "char-bpe: any bytes come back" cmp <(cat mill.txt raw.txt) \
	<(quern tokenizer decode -q --tokenizer c.json c.ids)
"${C[@]}" --limit-alphabet 20 --initial-alphabet $'\303\251' -o few.json mill.txt
equal "char-bpe: so many characters, a given one among them" "20 true" \
	"$(jq -r '.model.vocab | (keys | map(select(length == 1)) | length),
		has("\u00e9")' few.json | paste -sd ' ')"
ids few.json mill.txt raw.txt >few.ids
check "char-bpe: bytes for the others" cmp <(cat mill.txt raw.txt) \
	<(quern tokenizer decode -q --tokenizer few.json few.ids)
"${C[@]}" --stage count -o c.counts mill.txt
"${C[@]}" --stage learn -o c2.json c.counts
check "char-bpe: from counts it is the same" cmp c.json c2.json
exits 2 "char-bpe: too small a vocabulary" \
	quern tokenizer train --model char-bpe --vocab 270 mill.txt
exits 2 "char-bpe has no other ties" "${C[@]}" --ties raw mill.txt
exits 2 "char-bpe: a pattern that cuts bytes" "${C[@]}" --pattern falcon mill.txt
exits 2 "an alphabet of bytes has no limit" \
	quern tokenizer train --limit-alphabet 20 mill.txt

# SentencePiece, GGUF, vocab.txt
for f in unigram bytes bpe; do cp "$corpus/spm/$f" "$f.model"; done
equal "a .model: Unigram" "3 6 4 14" \
	"$(printf ' the  Mill g' | ids unigram.model)"
equal "it decodes" "the mill" \
	"$(quern tokenizer decode -q --tokenizer unigram.model <(echo 3 6))"
equal "its control pieces are text" 1 \
	"$(printf '<s>' | ids unigram.model --special-in-text all)"
equal "bytes for what is unknown" "260 72 74" \
	"$(printf 'EG' | ids bytes.model)"
for f in cut twounk nan badrules badtype same varint wordmodel; do
	cp "$corpus/spm/$f" bad.model
	exits 1 "a bad .model: $f" quern tokenizer info --tokenizer bad.model
done
for f in llama gpt2 t5; do
	cp "$corpus/gguf/$f" "$f.gguf"
	check "a .gguf: $f" quern tokenizer info --tokenizer "$f.gguf"
done
equal "a .gguf: ids" "257 262" "$(printf 'the<|endoftext|>' | ids gpt2.gguf)"
for f in cut version count huge; do
	cp "$corpus/gguf/$f" bad.gguf
	exits 1 "a bad .gguf: $f" quern tokenizer info --tokenizer bad.gguf
done
quern tokenizer convert -q --tokenizer gpt2.gguf -o g.json
check "a .gguf as tokenizer.json" cmp <(ids g.json mill.txt) \
	<(ids gpt2.gguf mill.txt)
cp "$corpus/wordpiece/small" vocab.txt
equal "vocab.txt" "5 6 7 1" "$(printf 'The mills x' | ids vocab.txt)"
quern tokenizer convert -q --tokenizer vocab.txt -o w.json
equal "as tokenizer.json" "5 6 7 1" "$(printf 'The mills x' | ids w.json)"
mkdir back
quern tokenizer convert -q --tokenizer w.json -o back/vocab.txt
check "and back" cmp vocab.txt back/vocab.txt
exits 1 "a .model with rules can't be said as tokenizer.json" \
	quern tokenizer convert --tokenizer unigram.model -o x.json
check "no file is left" test ! -e x.json
exits 1 "nor one with spaces behind words" \
	quern tokenizer convert --tokenizer bpe.model -o x.json
for f in bytes.model llama.gguf; do # Unigram and BPE
	quern tokenizer convert --tokenizer $f -o s.json 2>s.err
	check "$f as tokenizer.json: ids" cmp <(ids $f mill.txt) \
		<(ids s.json --special-in-text none mill.txt)
	check "$f: and back to text" cmp mill.txt \
		<(ids s.json mill.txt | quern tokenizer decode -q --tokenizer s.json)
	check "$f: what changes is said" grep -q 'spells' s.err
done
exits 2 "no .model is written" \
	quern tokenizer convert --tokenizer u.json -o u.model

# a Unigram model may lack a token for what is unknown
printf '{"model":{"type":"Unigram","vocab":[["a",-1],["b",-2]]}}' >nounk.json
equal "no unknown token: what it knows" "0 1 0" "$(printf aba | ids nounk.json)"
printf abc >nounk.txt
exits 1 "no unknown token: what it doesn't" \
	quern tokenizer encode --tokenizer nounk.json nounk.txt

# a text that is taken whole has a limit
head -c 3000000 /dev/zero | tr '\0' 'm' >whole.txt
exits 2 "a text that doesn't fit in memory" \
	quern tokenizer encode --memory 64M --tokenizer u.json whole.txt
equal "one that does" 1 \
	"$(ids u.json --memory 128M whole.txt | wc -l)"
equal "byte-level BPE cuts any" 1 \
	"$(yes mill | head -n 600000 | tr '\n' ' ' |
		ids g.json --memory 32M | wc -l)"

# special tokens over the ends of the blocks that a file is read in (1 MiB)
split_special() { # split_special TOKENIZER SPECIAL ID: prints how many are found
	local k
	for k in 0 1 5; do
		{
			printf '%.*s' $k 'mill '
			yes "$2" | head -n $((1200000 / ${#2})) | tr -d '\n'
		} | ids "$1" --special-in-text all | tr ' ' '\n' | grep -cx "$3"
	done | uniq -c | awk '{ print $1, $2 }'
}
equal "blocks: Unigram" "3 92307" "$(split_special u.json '<|endoftext|>' 1)"
equal "blocks: char-bpe" "3 92307" "$(split_special c.json '<|endoftext|>' 0)"
equal "blocks: byte-level" "3 92307" "$(split_special g.json '<|endoftext|>' 262)"
equal "blocks: .model" "3 400000" "$(split_special unigram.model '<s>' 1)"
equal "blocks: WordPiece" "3 240000" "$(split_special vocab.txt '[SEP]' 3)"
head -c 1048575 /dev/zero | tr '\0' 'm' >blocks.txt
printf '\346\260\264 mill \377\346\260' >>blocks.txt
for f in u c; do
	check "blocks: a character over their end: $f" cmp blocks.txt \
		<(ids $f.json --format bin blocks.txt |
			quern tokenizer decode -q --tokenizer $f.json --format bin)
done

# patterns of several steps
for p in deepseek-v3 starcoder falcon; do
	threads "train: $p" quern tokenizer train -q --vocab 300 --pattern $p mill.txt
	quern tokenizer train -q --vocab 300 --pattern $p -o p.json mill.txt
	ids p.json mill.txt raw.txt >p.ids
	check "$p: any bytes come back" cmp <(cat mill.txt raw.txt) \
		<(quern tokenizer decode -q --tokenizer p.json p.ids)
done

# offsets, limits, dropout
T=(--tokenizer g.json)
equal "offsets in bytes and in characters" \
	'[[0,1],[1,2],[2,3],[3,6]] [[0,1],[1,2],[1,2],[2,5]]' \
	"$(for u in bytes chars; do
		printf 'M\303\274the' | ids g.json --format jsonl --offsets $u
	done | jq -c .offsets | paste -sd ' ')"
exits 2 "offsets have no place in ids" ids g.json --offsets bytes mill.txt
equal "no more tokens than asked for" 5 \
	"$(ids g.json --max-tokens 5 mill.txt | wc -w)"
threads "dropout" quern tokenizer encode -q "${T[@]}" --lines --dropout .3 \
	--seed 5 mill.txt
check "it draws by the seed" test "$(ids g.json --dropout .5 --seed 1 mill.txt |
	sha256sum)" != "$(ids g.json --dropout .5 --seed 2 mill.txt | sha256sum)"
check "and decodes to the same" cmp mill.txt \
	<(ids g.json --dropout .5 mill.txt |
		quern tokenizer decode -q "${T[@]}")
equal "all merges left out: bytes" "$(wc -c <mill.txt)" \
	"$(ids g.json --dropout 1 mill.txt | wc -w)"

# by language and host
cat >docs.jsonl <<'EOT'
{"id":"1","text":"the mill the mill","metadata":{"language":"en","url":"http://www.Mill.example/a"}}
{"id":"2","text":"die M\u00fchle","metadata":{"language":"de","url":"https://me@muehle.example:80/b"}}
{"id":"3","text":"the river","metadata":{"language":"en","url":"http://mill.example"}}
EOT
quern tokenizer info -q "${T[@]}" --stats s.json docs.jsonl >info.tsv
equal "by language" "en 2 26 13" \
	"$(grep ^language info.tsv | head -n 1 | cut -f2-5 | tr '\t' ' ')"
equal "by host" "mill.example 2 muehle.example 1" \
	"$(grep ^host info.tsv | cut -f2,3 | tr '\t' ' ' | paste -sd ' ')"
equal "and in the statistics" "[2,26,13] 3" \
	"$(jq -c '.tokenizers[0] | .by_language.en, .texts' s.json | paste -sd ' ')"
quern tokenizer compare -q "${T[@]}" --tokenizer vocab.txt --stats s.json \
	docs.jsonl >compare.tsv
equal "a line for each tokenizer" 4 "$(grep -c ^language compare.tsv)"
equal "an object for each tokenizer" 2 "$(jq '.tokenizers | length' s.json)"
check "unknown tokens are counted" \
	test "$(jq '.tokenizers[1].unknown' s.json)" -gt 0

# format bin: blocks of 64 Ki ids end anywhere
for _ in $(seq 40); do cat mill.txt; done >large.txt
quern tokenizer train -q --vocab 257 -o bytes.json raw.txt
ids bytes.json --format bin large.txt >large.bin
check "blocks don't end within a character" cmp large.txt \
	<(quern tokenizer decode -q --tokenizer bytes.json --format bin large.bin)
ids u.json --format bin large.txt >large.bin
check "nor do those of Unigram" cmp large.txt \
	<(quern tokenizer decode -q --tokenizer u.json --format bin large.bin)
finish
