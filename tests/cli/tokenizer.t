#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
quern() { "${QUERN_BIN:-$top/build/bin}/quern" "$@"; }

cat >mill.txt <<'EOF'
The mill stands by the river, and the river turns the mill.
It's the miller's bread that we'll eat; they've ground the grain.

Die Mühle mahlt.  Das Mühlrad dreht sich, 123 Mal am Tag.
水車が回る。水車が粉をひく。
	tabs	and  spaces   at the end   
EOF
printf 'no UTF-8: \377\376 \344\270 \300\200 end, no newline' >raw.txt
: >empty.txt
cat >docs.jsonl <<'EOF'
{"id":"one","text":"the mill by the river"}
{"id":"two","text":""}
{"text":"der Müller <|endoftext|>\n"}
EOF
T=(--tokenizer tokenizer.json)

# train
golden tokenizer-train quern tokenizer train --vocab 280 mill.txt
threads train quern tokenizer train --vocab 300 --lines mill.txt docs.jsonl
check "train to a file" \
	quern tokenizer train --vocab 300 -o tokenizer.json --stats s.json mill.txt
check "statistics" grep -q '"in":1,"kept":1.*"vocab":300,"merges":43' s.json
quern tokenizer train --vocab 300 mill.txt >out.json
check "to stdout it is the same" cmp out.json tokenizer.json
quern tokenizer train --vocab 300 - <mill.txt >out.json
check "from stdin it is the same" cmp out.json tokenizer.json
zstd -q mill.txt -o mill.txt.zst
quern tokenizer train --vocab 300 mill.txt.zst >out.json
check "from a compressed file it is the same" cmp out.json tokenizer.json
quern tokenizer train --vocab 2000 mill.txt >out.json 2>err
check "running out of pairs is said" grep -q 'no pair is left' err
quern tokenizer train --vocab 270 --special '<a>' --special '<b>' mill.txt \
	>special.json
equal "special tokens come first" '      "<a>": 0,
      "<b>": 1,' "$(grep -A2 '"vocab"' special.json | tail -n 2)"
for p in raw first lexicographic; do
	threads "ties: $p" quern tokenizer train --vocab 300 --lines --ties $p \
		mill.txt docs.jsonl raw.txt
	quern tokenizer train --vocab 300 --ties $p -o p.json mill.txt
	equal "ties: $p: special tokens come last, bytes first" "299 97" \
		"$(jq -r '.added_tokens[0].id, .model.vocab.a' p.json | paste -sd ' ')"
done
for p in cl100k qwen2 nanochat o200k whitespace '\w+|\W'; do
	quern tokenizer train --vocab 300 --pattern "$p" -o p.json mill.txt
	quern tokenizer encode --tokenizer p.json mill.txt raw.txt >p.ids
	quern tokenizer decode --tokenizer p.json p.ids >p.txt
	check "round trip with the pattern $p" cmp p.txt <(cat mill.txt raw.txt)
done

# Unicode: U+1C89 is a letter since 16, U+11F04 since 15.  A file of counts has a
# first and a last line of its own.
printf 'a\341\262\211b a\360\221\274\204b 1\n%.0s' 1 2 3 4 5 6 7 8 >new.txt
for v in 14 15 16; do
	quern tokenizer train --stage count --unicode $v new.txt >$v.counts
	quern tokenizer train --vocab 262 --unicode $v -o u$v.json new.txt
	quern tokenizer encode --tokenizer u$v.json new.txt >$v.ids
	quern tokenizer encode --tokenizer u16.json --unicode $v new.txt >$v.by16 2>err
done
equal "pieces go by the version of Unicode" "7 6 4" \
	"$(for v in 14 15 16; do
		sed "1d;\$d" $v.counts | wc -l
	done | paste -sd ' ')"
equal "a tokenizer.json says which, unless it is the last" "14 15 null" \
	"$(jq .model.unicode u14.json u15.json u16.json | paste -sd ' ')"
quern tokenizer train --vocab 262 new.txt >out.json
check "the last is the default" cmp out.json u16.json
quern tokenizer encode --tokenizer u14.json --unicode 14 new.txt >out.ids
check "encoding goes by the file" cmp out.ids 14.ids
quern tokenizer convert --tokenizer u14.json -o out.json
check "converting keeps it" cmp out.json u14.json
for f in 14 15; do
	exits 1 "the option has a say: $f" cmp -s $f.by16 16.ids
done
sed 's/"unicode": 14/"unicode": 13/' u14.json >u13.json
exits 1 "an unknown version in a file" \
	quern tokenizer encode --tokenizer u13.json new.txt
exits 2 "a regex has no version to choose" \
	quern tokenizer train --vocab 280 --unicode 14 --pattern 'a+' new.txt
quern tokenizer train --stage count --pattern 'a+' -o re.counts new.txt
exits 2 "nor have counts of one" \
	quern tokenizer train --stage learn --unicode 14 --vocab 280 re.counts
exits 2 "nor has Unigram" quern tokenizer train --model unigram \
	--unicode 14 --vocab 280 new.txt

# counts in shards, on disk, in any order: the tokenizer of one run
seq 100000 130000 >n1.txt
seq 115000 150000 >n2.txt
seq 100000 3 150000 >n3.txt
numbers() { quern tokenizer train --vocab 900 "$@" n1.txt n2.txt n3.txt; }
numbers -o n.json
for n in 2 4; do
	numbers --memory 8M --threads $n >out.json
	check "pieces counted by way of disk, $n threads" cmp out.json n.json
done
exits 2 "what learning knows of them doesn't fit in memory" \
	quern tokenizer train --vocab 900 --memory 4M n1.txt n2.txt n3.txt
for f in mill.txt docs.jsonl n1.txt n2.txt; do
	quern tokenizer train --stage count --lines -o "$f.counts" "$f"
done
quern tokenizer train --stage count --lines --threads 2 --memory 1M n2.txt \
	>out.counts
check "counts are the same by way of disk" cmp out.counts n2.txt.counts
quern tokenizer train --vocab 500 --lines -o whole.json mill.txt docs.jsonl \
	n1.txt n2.txt
quern tokenizer train --stage learn --vocab 500 n2.txt.counts \
	docs.jsonl.counts n1.txt.counts mill.txt.counts >out.json
check "counted apart, learnt together" cmp out.json whole.json
printf '#quern-counts 1 \\w+\n3000000000\txy\n2147483648\tzw\n4294967297\tqu\n#end 3\n' \
	>large.counts
quern tokenizer train --stage learn --vocab 260 large.counts >out.json
equal "counts above 2^31" "q u,x y,z w" \
	"$(jq -r '.model.merges[] | if type == "array" then join(" ") else . end' \
		out.json | paste -sd ,)"
exits 2 "counts of another pattern" quern tokenizer train --stage learn \
	--vocab 300 large.counts mill.txt.counts
sed "\$d" mill.txt.counts >cut.counts
exits 1 "counts cut off" quern tokenizer train --stage learn \
	--vocab 300 cut.counts
exits 2 "counts know no order" quern tokenizer train --stage learn \
	--ties first --vocab 300 large.counts
exits 1 "no counts" quern tokenizer train --stage learn --vocab 300 mill.txt

# encode, decode
golden tokenizer-encode quern tokenizer encode "${T[@]}" --lines mill.txt
golden tokenizer-docs quern tokenizer encode "${T[@]}" --format jsonl docs.jsonl
golden tokenizer-info quern tokenizer info "${T[@]}" mill.txt docs.jsonl
threads encode quern tokenizer encode "${T[@]}" mill.txt raw.txt docs.jsonl empty.txt
quern tokenizer encode "${T[@]}" mill.txt raw.txt empty.txt >all.ids
equal "a line a text" 3 "$(wc -l <all.ids)"
check "ids come back" \
	cmp <(quern tokenizer decode "${T[@]}" all.ids) <(cat mill.txt raw.txt)
quern tokenizer encode "${T[@]}" --lines mill.txt raw.txt >lines.ids
equal "a line a line" 7 "$(wc -l <lines.ids)"
check "lines come back" \
	cmp <(quern tokenizer decode "${T[@]}" lines.ids) <(cat mill.txt raw.txt)
quern tokenizer encode "${T[@]}" --format bin mill.txt raw.txt >all.bin
check "bin comes back" \
	cmp <(quern tokenizer decode "${T[@]}" --format bin all.bin) \
	<(cat mill.txt raw.txt)
check "bin is the same ids" \
	cmp <(od -An -v -tu4 -w4 all.bin | tr -d ' ') \
	<(tr ' ' '\n' <all.ids | sed '/^$/d')
golden tokenizer-decode-docs quern tokenizer decode "${T[@]}" --format jsonl \
	<(quern tokenizer encode "${T[@]}" --format jsonl docs.jsonl raw.txt)
equal "special tokens are found" 0 \
	"$(printf '<|endoftext|>' | quern tokenizer encode "${T[@]}")"
check "or not" test "$(printf '<|endoftext|>' |
	quern tokenizer encode "${T[@]}" --special-in-text none | wc -w)" -gt 1
equal "documents from stdin" 3 \
	"$(quern tokenizer encode "${T[@]}" --from jsonl <docs.jsonl | wc -l)"

# .tiktoken
base64_bytes() { # all bytes, then some tokens, with their ranks
	for i in $(seq 0 255); do
		printf '%b' "\\x$(printf %02x "$i")" | base64
	done
	for w in th he the ' the' mi ll mill ' mill'; do
		printf '%s' "$w" | base64
	done
}
base64_bytes | awk '{ print $1, NR - 1 }' >r50k_base.tiktoken
equal "a .tiktoken file" "258 263" \
	"$(printf 'the mill' | quern tokenizer encode --tokenizer r50k_base.tiktoken |
		tr ' ' '\n' | sed -n '1p;$p' | paste -sd ' ')"
quern tokenizer encode --tokenizer r50k_base.tiktoken mill.txt raw.txt >tik.ids
check "and back" cmp <(cat mill.txt raw.txt) \
	<(quern tokenizer decode --tokenizer r50k_base.tiktoken tik.ids)
cp r50k_base.tiktoken other.tiktoken
check "with --pattern for any name" cmp tik.ids <(quern tokenizer encode \
	--tokenizer other.tiktoken --pattern gpt2 mill.txt raw.txt)
exits 2 "a name without a pattern" \
	quern tokenizer encode --tokenizer other.tiktoken mill.txt
exits 2 "tokenizer.json has its own pattern" \
	quern tokenizer encode "${T[@]}" --pattern gpt2 mill.txt

# convert, compare
quern tokenizer convert -q "${T[@]}" -o r50k_mine.tiktoken
cp r50k_mine.tiktoken gpt2_mine.tiktoken
M=(--tokenizer gpt2_mine.tiktoken)
check "tokenizer.json as .tiktoken: the same ids" cmp \
	<(quern tokenizer encode "${M[@]}" mill.txt raw.txt) \
	<(quern tokenizer encode "${T[@]}" mill.txt raw.txt)
quern tokenizer convert -q "${M[@]}" --to json >back.json
check "and back: the same merges" cmp <(jq .model.merges back.json) \
	<(jq .model.merges tokenizer.json)
check "that is said" grep -q 'neither the pattern nor 1 special' \
	<(quern tokenizer convert "${T[@]}" --to tiktoken 2>&1 >/dev/null)
mkdir -p files
quern tokenizer convert -q "${T[@]}" -o files/vocab.json
check "as vocab.json and merges.txt: the same ids" cmp \
	<(quern tokenizer encode --tokenizer files/vocab.json mill.txt raw.txt) \
	<(quern tokenizer encode "${T[@]}" mill.txt raw.txt)
quern tokenizer convert -q --tokenizer files/vocab.json -o files/t.json
check "and back" cmp files/t.json tokenizer.json
golden tokenizer-compare quern tokenizer compare "${T[@]}" "${M[@]}" \
	--tokenizer r50k_base.tiktoken mill.txt docs.jsonl
quern tokenizer compare -q "${T[@]}" "${M[@]}" --stats compare.stats \
	docs.jsonl >/dev/null
equal "the tables are in --stats, too" "2 20" \
	"$(jq -r '[.tables[0, 2].rows | length] | join(" ")' compare.stats)"
quern report -o compare.html compare.stats
check "and quern report draws them" grep -q \
	'<td>gpt2_mine.tiktoken</td>' compare.html
exits 2 "compare takes two" quern tokenizer compare "${T[@]}" mill.txt
exits 2 "two files have no place on stdout" \
	quern tokenizer convert "${T[@]}" --to vocab
jq '.normalizer = {"type": "Lowercase"}' tokenizer.json >lower.json
exits 1 "a normalizer that .tiktoken can't have" \
	quern tokenizer convert --tokenizer lower.json -o lower.tiktoken
check "no file is left" test ! -e lower.tiktoken
equal "it lowers" "$(printf 'the mill' | quern tokenizer encode "${T[@]}")" \
	"$(printf 'THE Mill' | quern tokenizer encode --tokenizer lower.json)"
jq '.model.merges |= (.[1:] + .[:1])' tokenizer.json >order.json
exits 1 "merges out of order" \
	quern tokenizer convert --tokenizer order.json --to tiktoken
rm files/merges.txt
exits 1 "vocab.json without merges.txt" \
	quern tokenizer encode --tokenizer files/vocab.json mill.txt

# One large text is cut into parts: the same ids for any threads, and memory
# doesn't matter.
for _ in $(seq 2000); do cat mill.txt raw.txt; done >large.txt
for _ in 1 2 3; do cat large.txt; done >larger.txt
threads "a large text" quern tokenizer encode "${T[@]}" larger.txt
threads "training on it" quern tokenizer train --vocab 400 larger.txt
check "a large text comes back" cmp larger.txt \
	<(quern tokenizer encode "${T[@]}" larger.txt | quern tokenizer decode "${T[@]}")

# Chinese has no spaces: documents are taken whole, files in parts.
printf '%s\n' '水車が回る。水車が粉をひく，江水流。春眠不覺曉' 'x2、' 'は日。' >zh.txt
for _ in $(seq 300); do cat zh.txt; done >many.zh.txt
for _ in $(seq 100); do cat many.zh.txt; done >large.zh.txt
jq -cRs '{id: "zh", text: .}' large.zh.txt >large.zh.jsonl
for pattern in cl100k o200k qwen2 deepseek-v3 starcoder whitespace \
	'[\p{Han}]+|[^\p{Han}\n]+|\n'; do
	quern tokenizer train -q --pattern "$pattern" --vocab 400 \
		-o zh.json large.zh.txt
	check "$pattern: parts give the ids of the whole" cmp \
		<(quern tokenizer encode -q --memory 8M --tokenizer zh.json \
			large.zh.txt) \
		<(quern tokenizer encode -q --tokenizer zh.json large.zh.jsonl)
done
quern tokenizer train -q --pattern '.(?=..)|.' --vocab 400 -o zh.json large.zh.txt
exits 2 "a pattern that looks far ahead takes texts whole" \
	quern tokenizer encode -q --memory 8M --tokenizer zh.json large.zh.txt

# bad input
printf '1 2 3\n4 x\n999999\n5\n' >bad.ids
golden tokenizer-bad-ids quern tokenizer decode "${T[@]}" --rejects rej.jsonl bad.ids
equal "damaged lines are kept" 2 "$(wc -l <rej.jsonl)"
printf '{"id":"a","ids":[1,-3]}\n{"id":"b","ids":[4294967296]}\n' >bad.jsonl
golden tokenizer-bad-ids-jsonl quern tokenizer decode "${T[@]}" --format jsonl \
	bad.jsonl
exits 1 "strict ends there" quern tokenizer decode "${T[@]}" --strict bad.ids
printf 'abcde' >bad.bin
exits 1 "half an id" quern tokenizer decode "${T[@]}" --format bin bad.bin
exits 1 "no such file" quern tokenizer encode "${T[@]}" nowhere.txt
exits 1 "no such tokenizer" quern tokenizer encode --tokenizer nowhere mill.txt
exits 1 "no tokenizer" quern tokenizer info --tokenizer mill.txt
exits 2 "--tokenizer is needed" quern tokenizer encode mill.txt
exits 2 "a vocabulary too small" quern tokenizer train --vocab 256 mill.txt
exits 2 "no such pattern" quern tokenizer train --pattern gpt3 mill.txt
exits 2 "a broken regex" quern tokenizer train --pattern '(a' mill.txt
exits 2 "no such special token" \
	quern tokenizer encode "${T[@]}" --special-in-text '<x>' mill.txt
exits 2 "no such subcommand" quern tokenizer trian
exits 2 "not enough memory" \
	quern tokenizer train --memory 1K --vocab 300 large.txt
gzip -nc mill.txt | head -c 200 >cut.txt.gz
check "a cut stream is damage" quern tokenizer encode "${T[@]}" --stats s.json -o ids \
	cut.txt.gz
check "and counted" grep -q '"damaged":1' s.json
rm -f ids
exits 1 "strict: a cut stream" quern tokenizer encode "${T[@]}" --strict -o ids cut.txt.gz
check "no file is left" test ! -e ids

# EXAMPLES of the man page
sed -n 's/^\.Dl \$ //p' "$top/man/quern-tokenizer.1" >examples
while read -r line; do
	check "man: $line" eval "$line"
done <examples
finish
