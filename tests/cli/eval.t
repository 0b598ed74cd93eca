#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern eval, first weights from a folder, files in several parts.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
"$top/tests/man-setup.sh" . >/dev/null 2>&1 || exit 1

# Documents and rows.
threads "documents" quern eval -q --model tiny docs.jsonl
check "with their sums" quern eval --model tiny --stats sums.json \
	-o judged.jsonl docs.jsonl
equal "every document" "$(wc -l <docs.jsonl)" "$(wc -l <judged.jsonl)"
check "the sums are those of the documents" jq -se --slurpfile s sums.json \
	'(map(.metadata | .loss * .loss_tokens) | add) as $n |
	($n - $s[0].nats | fabs) < 1e-6 * $n and
	(map(.metadata.loss_tokens) | add) == $s[0].tokens' judged.jsonl
check "the model knows more than nothing" \
	jq -e '.loss < 5.9 and .bits_per_byte > 0 and
	(.perplexity | log) - .loss < 1e-9' sums.json
check "rows" quern eval -q --model tiny --recipe valid.mix -o rows.json
check "of a recipe" jq -e '.tokens == 1024 and .loss < 5.9' rows.json
# Training measures the same.
quern train -q --config model.json --recipe run.mix --lr 1e-2 --valid valid.mix \
	--tokenizer tokenizer.json --out again --stats train.json
equal "as training does" \
	"$(jq '.valid_loss * 1e9 | round' train.json)" \
	"$(jq '.loss * 1e9 | round' rows.json)"
echo '{"text":""}' >empty.jsonl
check "an empty document" quern eval -q --model tiny -o empty.out empty.jsonl
equal "has one token, the end" 1 "$(jq .metadata.loss_tokens empty.out)"
golden eval-no-model quern eval docs.jsonl
golden eval-both quern eval --model tiny --recipe valid.mix docs.jsonl
exits 1 "a model that isn't there" quern eval --model nowhere docs.jsonl

# The model cut in two files, as large ones are.
parts() { # parts DIR: split tiny/model.safetensors by an index
	mkdir -p "$1"
	cp tiny/config.json tiny/tokenizer.json "$1"
	python3 - "$1" <<'END'
import json, struct, sys
d = sys.argv[1]
raw = open("tiny/model.safetensors", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
head.pop("__metadata__", None)
names = sorted(head)
index = {}
for i in range(2):
    name = "model-%05d-of-00002.safetensors" % (i + 1)
    part, data = {}, b""
    for t in names[i::2]:
        a, b = head[t]["data_offsets"]
        part[t] = dict(head[t], data_offsets=[len(data), len(data) + b - a])
        data += raw[8 + n + a:8 + n + b]
        index[t] = name
    h = json.dumps(part).encode()
    open(d + "/" + name, "wb").write(struct.pack("<Q", len(h)) + h + data)
json.dump({"metadata": {}, "weight_map": index},
          open(d + "/model.safetensors.index.json", "w"))
END
}
if command -v python3 >/dev/null; then
	parts split
	check "a model in two files" quern eval -q --model split \
		--recipe valid.mix -o split.json
	check "gives the same loss" cmp split.json rows.json
	rm split/model-00002-of-00002.safetensors
	exits 1 "one of them is gone" quern eval -q --model split --recipe valid.mix
	parts other
	sed -i 's/model-00002-of/..\/model-00002-of/g' \
		other/model.safetensors.index.json
	golden eval-outside quern eval -q --model other --recipe valid.mix
fi

# First weights: training goes on from them.
check "training from a folder" quern train -q --init tiny --recipe run.mix \
	--lr 1e-5 --out more --tokenizer tokenizer.json
check "begins where that ended" jq -se '.[0].loss < 5.9' more/log.jsonl

# A checkpoint whose bits have changed.
quern train -q --config model.json --recipe run.mix --out bits
size=$(stat -c %s bits/last/optimizer.safetensors)
printf '\001' | dd of=bits/last/optimizer.safetensors bs=1 conv=notrunc \
	seek=$((size - 100)) 2>/dev/null
exits 1 "a flipped bit is found" quern train -q --config model.json \
	--recipe run.mix --out bits --resume

# Shapes that have a name.
exits 2 "a preset is refused by its size" quern train --config llama-8b \
	--recipe run.mix --out none --memory 1M
check "no folder was made" test ! -e none
finish
