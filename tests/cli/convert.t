#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern shard convert: there, read by od alone, and back.
# shellcheck disable=SC2317 # functions are handed to check
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

for i in $(seq 1 1200); do
	printf '{"id":"d%d","text":"Mill %d grinds %d sacks of grain.\\n"}\n' \
		"$i" "$i" $((i * i))
done >docs.jsonl
quern tokenizer train -q --vocab 400 -o tok.json docs.jsonl
quern shard -q --tokenizer tok.json -o one docs.jsonl
quern shard cat -o one.ids one
tr ' ' '\n' <one.ids >one.tokens
eot=$(head -1 one.ids | tr ' ' '\n' | tail -1)
to() { quern shard convert --to "$1" -o "$2" one; }
from() { # from FORMAT OUT FILE...
	quern shard convert --from "$1" --tokenizer tok.json -o "$2" "${@:3}"
}
tokens() { od -An -v -t "u$1" -w"$1" -j "${2:-0}" | tr -d ' '; } # WIDTH [SKIP]

# Out, and what another program would read there.
check "to nanogpt" to nanogpt nano.bin
check "... is uint16 tokens" sh -c "od -An -v -t u2 -w2 nano.bin | tr -d ' ' | cmp - one.tokens"
check "to raw" to raw raw.npy
check "... is the same here" cmp nano.bin raw.npy
check "to llmc" to llmc llmc.bin
equal "... has its header" "20240520 1 $(wc -l <one.tokens) 0" \
	"$(od -An -t d4 -N 16 llmc.bin | xargs)"
tokens 2 1024 <llmc.bin >llmc.tokens
check "... and its tokens" cmp llmc.tokens one.tokens
check "to ds" to ds x.ds
check "... raw tokens" cmp x.ds nano.bin
equal "... ends of documents" \
	"$(awk '{ n += NF; print n }' one.ids | sha256sum)" \
	"$(tokens 8 <x.ds.index | sha256sum)"
equal "... and what it says of them" "2 $(wc -l <one.tokens)" \
	"$(sed -n '1s/.*|//p; 2p' x.ds.metadata | xargs)"
check "to mds" to mds mds
equal "... its index" \
	"[\"tokens\"] [\"ndarray:uint16\"] 1200 $(wc -c <mds/shard.00000.mds)" \
	"$(jq -r '.shards[0] | "\(.column_names) \(.column_encodings) \(.samples) \(.raw_data.bytes)"' mds/index.json)"
# Sample 7: u32 offsets from byte 4; in it u32 size, u8 5 or 6, u32 length.
at=$(od -An -t u4 -j $((4 + 4 * 7)) -N 4 mds/shard.00000.mds | xargs)
end=$(od -An -t u4 -j $((8 + 4 * 7)) -N 4 mds/shard.00000.mds | xargs)
n=$(sed -n 8p one.ids | wc -w)
equal "... a sample's head" "$((end - at - 4)) 6 $n" "$(
	od -An -t u4 -j "$at" -N 4 mds/shard.00000.mds | xargs
) $(od -An -t u1 -j $((at + 4)) -N 1 mds/shard.00000.mds | xargs) $(
	od -An -t u4 -j $((at + 5)) -N 4 mds/shard.00000.mds | xargs
)"
equal "... and its tokens" "$(sed -n 8p one.ids)" "$(
	od -An -v -t u2 -j $((at + 9)) -N $((2 * n)) mds/shard.00000.mds | xargs
)"

# And back: the same tokens in the same documents.
cp one.bin meg.bin && cp one.idx meg.idx
back() { # back FORMAT FILE...
	from "$1" "back-$1" "${@:2}" && quern shard verify "back-$1" &&
		cmp one.bin "back-$1.bin" && cmp one.idx "back-$1.idx"
}
check "from nanogpt" back nanogpt nano.bin
check "from raw" back raw raw.npy
check "from llmc" back llmc llmc.bin
check "from ds" back ds x.ds
check "from mds" back mds mds
check "from megatron" back megatron meg.bin
equal "documents are named" "nano.bin:0" \
	"$(quern shard cat --to 1 --format jsonl back-nanogpt | jq -r .id)"
from raw two raw.npy raw.npy
equal "two files in one shard" 2400 "$(quern shard cat two | wc -l)"

# llm.c's own files begin documents with the end's token.
{ tail -1 one.tokens && head -n -1 one.tokens; } | awk '{ printf "\\%03o\\%03o", $1 % 256, $1 / 256 }' >octal
# shellcheck disable=SC2059 # octal escapes
printf "$(cat octal)" >first.bin
check "documents that begin with it" quern shard convert --from nanogpt \
	--no-eod --tokenizer tok.json -o first first.bin
equal "... are as many" "1200 $eot" \
	"$(quern shard cat first | wc -l) $(quern shard cat --to 1 first | cut -d ' ' -f 1)"
exits 1 "... and don't end in it" from nanogpt x first.bin

# uint32, also of MDS's bytes.
tokens 2 <nano.bin | awk '{ printf "\\%03o\\%03o\\000\\000", $1 % 256, $1 / 256 }' >octal
# shellcheck disable=SC2059
printf "$(cat octal)" >four.raw
check "uint32" quern shard convert --from raw --dtype uint32 \
	--tokenizer tok.json -o wide four.raw
check "... the same" cmp wide.bin one.bin
check "... tokens" sh -c 'quern shard cat wide | cmp - one.ids'

head -c 1001 nano.bin >cut.bin
exits 1 "no whole token" from nanogpt x cut.bin
head -c 2000 llmc.bin >short.bin
exits 1 "fewer tokens than the header says" from llmc x short.bin
exits 1 "no header" from llmc x nano.bin
quern tokenizer train -q --vocab 300 -o small.json docs.jsonl
exits 1 "another tokenizer" quern shard convert --from nanogpt \
	--tokenizer small.json -o x nano.bin
quern shard convert --from nanogpt --tokenizer small.json -o x nano.bin 2>err
check "... names file, document, token" \
	grep -q 'nano.bin: document [0-9]*, token [0-9]* is [0-9]*, but the tokenizer has 300' err
cp -r mds broken && truncate -s -100 broken/shard.00000.mds
exits 1 "a cut MDS file" from mds x broken
head -c 800 x.ds.index >bad.ds.index && cp x.ds bad.ds
exits 1 "an index that does not fit" from ds x bad.ds
exits 1 "a folder that is there" to mds mds
exits 2 "neither from nor to" quern shard convert -o x one
exits 2 "no tokenizer" quern shard convert --from raw -o x nano.bin
exits 2 "no output" quern shard convert --to raw one
equal "nothing is left of them" "" "$(find . -name 'x.bin' -o -name 'x.docs')"
finish
