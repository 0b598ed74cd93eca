#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recipes whose rows are made: packing, objectives, special tokens by name.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

make_docs() { # make_docs NAME N
	for i in $(seq 1 "$2"); do
		printf '{"id":"%s-%d","text":"%s %d:%*s.","metadata":{"url":"https://%s.example/%d"}}\n' \
			"$1" "$i" "$1" "$i" $((i * 37 % 90)) "grist" "$1" "$i"
	done
}
make_docs web 300 >web.jsonl
make_docs code 200 >code.jsonl
quern tokenizer train -q --vocab 300 --special '<|endoftext|>' \
	--special '<|fim_prefix|>' --special '<|fim_suffix|>' \
	--special '<|fim_middle|>' --special '[R]' --special '[S]' \
	--special '[X]' -o tok.json web.jsonl
quern shard -q --tokenizer tok.json -o web web.jsonl
quern shard -q --tokenizer tok.json -o code code.jsonl
id() { quern tokenizer encode --tokenizer tok.json <<<"{\"text\":\"$1\"}" | tr -d '\n'; }
cat >run.mix <<'END'
%mix 1
seed 11
tokenizer tok.json
special fim <|fim_prefix|> <|fim_suffix|> <|fim_middle|>
special spans 299..200
special modes [R] [S] [X]
source web  web  pack=fit
source code code objective=fim:0.9
source chat web  pack=document:100
batch 512
phase base 12K seq=64 web:60 code:30 chat:rest
phase grow 6K seq=16->64 web
phase ul2  6K seq=64 objective=ul2 web:50 code:50
END
hide() {
	local rc=0
	"$@" >hide.out || rc=$?
	sed -E 's/[0-9a-f]{64}/DIGEST/g' hide.out
	return "$rc"
}
golden mix-rows-check hide quern mix check run.mix
threads "rows that are made" quern mix stream run.mix
quern mix stream --format jsonl -o all.jsonl run.mix

equal "a row is seq + 1 tokens" "17
33
65" "$(jq '.tokens | length' all.jsonl | sort -nu)"
equal "padding and documents' first tokens don't count" true \
	"$(jq -s '[.[] | select(.source == "web" and .step < 24)] |
		all(.starts as $s | (.masked // []) as $m |
			all($s[1:][]; . as $c | any($m[]; .[0] < $c and $c <= .[1])))' all.jsonl)"
prefix=$(jq '.added_tokens[] | select(.content == "<|fim_prefix|>").id' tok.json)
equal "nine documents of ten are to be filled in" true \
	"$(jq -s --argjson p "$prefix" '[.[] | select(.source == "code" and .step < 24)] |
		([.[].tokens[] | select(. == $p)] | length) > 2 * length' all.jsonl)"
equal "UL2 has prefixes that see both ways" true \
	"$(jq -s 'any(.[]; .two_way and .masked)' all.jsonl)"
for layout in "3 2" "5 4"; do
	read -r world micro <<<"$layout"
	for rank in $(seq 0 $((world - 1))); do
		quern mix stream --format jsonl --world "$world" --rank "$rank" \
			--micro-batch "$micro" run.mix
	done | jq -s -c 'sort_by(.step, .row)[]' >ranks.jsonl
	check "world $world, micro-batch $micro: every row once" \
		cmp all.jsonl ranks.jsonl
done

# Where a document is, both ways.
quern mix seen run.mix web-17 >seen.tsv
equal "at says what seen says" "$(tail -n +2 seen.tsv | wc -l)" \
	"$(tail -n +2 seen.tsv | while IFS=$'\t' read -r step row column n _ _ _ _ token id _; do
		quern mix at run.mix "$step:$row" | awk -F '\t' -v c="$column" -v n="$n" \
			-v t="$token" -v id="$id" \
			'$2 == c && $3 >= n && $8 == t && $9 == id { print "there" }' | head -1
	done | wc -l)"

# A model is trained on it; the log's tokens are places.
cat >model.json <<'END'
{"model_type":"llama","vocab_size":300,"hidden_size":16,"intermediate_size":32,
"num_hidden_layers":1,"num_attention_heads":2,"max_position_embeddings":64}
END
check "trained on what is made" quern train -q --config model.json --recipe run.mix \
	--out model --tokenizer tok.json --document-mask --lr 1e-3
check "audited" quern mix audit model/last run.mix

# An order and bounds, packed: longer documents come first, in each epoch.
cat >sorted.mix <<'END'
%mix 1
source web web order=len:desc len>=8 pack=fit:50
batch 512
phase p 2K seq=32 web
END
quern mix index -q -o index.txt sorted.mix
quern mix stream --format jsonl -o sorted.jsonl sorted.mix
equal "what is packed has its order" true \
	"$(jq -s '[.[] | .starts[1] // 32] | (length / 2 | floor) as $h |
		(.[:$h] | add / length) > (.[$h:] | add / length)' sorted.jsonl)"
first=$(quern mix at sorted.mix 0:0 | awk -F '\t' 'NR == 2 { print $9 }')
equal "seen finds the first of them there" "0 0 0" \
	"$(quern mix seen sorted.mix "$first" | awk 'NR == 2 { print $1, $2, $3 }')"

# The library for other programs, without a compiler; one that sanitizers went
# over can't be loaded so.
lib=$QUERN_BIN/../libquern.so
if command -v python3 >/dev/null && ! nm -D "$lib" | grep -q '__[atu].*san_'; then
	cat >read.py <<'END'
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
lib.quern_open.restype = ctypes.c_void_p
lib.quern_steps.restype = ctypes.c_uint64
lib.quern_steps.argtypes = [ctypes.c_void_p]
class Step(ctypes.Structure):
    _fields_ = [("rows", ctypes.c_uint32), ("seq", ctypes.c_uint32),
                ("before", ctypes.c_uint64), ("lr", ctypes.c_double),
                ("phase", ctypes.c_uint32), ("name", ctypes.c_char_p)]
class Rows(ctypes.Structure):
    _fields_ = [(n, ctypes.c_void_p) for n in ("tokens", "first", "last", "loss", "source")]
why = ctypes.create_string_buffer(256)
s = lib.quern_open(sys.argv[2].encode(), 4, why, 256)
if not s:
    sys.exit(why.value.decode())
for i in range(lib.quern_steps(s)):
    step = Step()
    assert lib.quern_step(ctypes.c_void_p(s), ctypes.c_uint64(i), ctypes.byref(step), why, 256) == 0
    tokens = (ctypes.c_uint32 * (step.rows * (step.seq + 1)))()
    rows = Rows(tokens=ctypes.addressof(tokens))
    assert lib.quern_read(ctypes.c_void_p(s), ctypes.c_uint64(i), 0, step.rows,
                          ctypes.byref(rows), why, 256) == 0, why.value
    sys.stdout.buffer.write(bytes(tokens))
lib.quern_close(ctypes.c_void_p(s))
END
	quern mix stream -o all.bin run.mix
	check "libquern.so has the stream's rows" sh -c \
		'python3 read.py "$1" run.mix | cmp - all.bin' sh "$lib"
fi

refused() { # refused WHAT N LINE: run.mix with LINE in the place of line N
	sed "$2s/.*/$3/" run.mix >bad.mix
	golden "mix-rows-$1" quern mix check bad.mix
}
refused no-fim 4 'special fim <PRE> <SUF> <MID>'
refused window 7 'source web web pack=fit:none'
refused task 7 'source web web objective=spans:2:3'
sed 's/^special spans.*//' run.mix >bad.mix
golden mix-rows-no-spans quern mix check bad.mix
sed 's/299\.\.200/300..200/' run.mix >bad.mix
golden mix-rows-outside quern mix check bad.mix
sed 's/pack=fit$/pack=fit epochs<=0.5/' run.mix >bad.mix
golden mix-rows-cap hide quern mix check bad.mix
finish
