#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# decontam: which documents have evaluation items, and what is said of both.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

report() { # report OPTION...: what leaked where
	quern decontam "$@" --report report.jsonl -o out.jsonl && cat report.jsonl
}
rejects() { # rejects OPTION...: what is dropped, and why
	quern decontam "$@" --rejects rejects.jsonl -o out.jsonl && cat rejects.jsonl
}
stats() { # stats OPTION...: the counts
	quern decontam "$@" --stats stats.json -o out.jsonl && cat stats.json
}

cat >quiz.jsonl <<'END'
{"id":"q0","question":"A miller's cart holds twelve sacks of rye. If the cart goes to town 3 times a day, how many sacks is that in a week?","answer":"3 * 12 * 7 = 252"}
{"id":"q1","question":"Who ground the first corn in Harrow's mill?","answer":"Old Tom"}
{"question":"What is rye?","answer":"A grain"}
{"id":"q3","question":"The river rose on the third night, and by noon the wheel stood under water. Which part of the mill did the miller save first?","choices":["the stones","the books"],"gold":1}
{"id":"q4","question":"磨坊主人每天早上五点起床去河边看水车转得好不好"}
{"id":"q5"}
END
cat >tasks.json <<'END'
[{"task_id":"T/1","prompt":"Write a program that reads a list of sacks and prints the weight of the heaviest one, or nothing.","meta":{"hint":"Keep the largest weight seen so far in a variable and compare each one with it."}},
 {"task_id":"T/2","options":["The council refused the miller a permit because the miller feared a flood","The council refused the miller a permit because the council feared a flood"]}]
END
cat >docs.jsonl <<'END'
{"id":"clean","text":"The miller's cart goes to town, and nobody asks how many sacks it holds. The river is low this week."}
{"id":"wrapped","text":"Here is one from school:\n\nA MILLER’S CART\nHOLDS TWELVE SACKS\nOF RYE. IF THE CART\nGOES TO TOWN 3 TIMES\nA DAY, HOW MANY\nSACKS IS THAT IN A WEEK?\n\nThe teacher waits."}
{"id":"short","text":"Who ground the first corn in Harrow's mill? Nobody knows that."}
{"id":"answered","text":"Quiz night! “Who ground the first corn in Harrow’s mill?” It was, of course, Old Tom."}
{"id":"part","text":"They tell that the river rose on the third night, and by noon the wheel stood under water, and that was all."}
{"id":"zh","text":"他说：磨坊主人每天早上，五点起床去河边看水车转得好不好。"}
{"id":"task","text":"Exercise: write a program that *reads* a list of sacks and prints the weight of the heaviest one. Hint: keep the largest weight seen so far in a variable and compare each one with it."}
{"id":"empty","text":""}
END
golden decontam quern decontam --against quiz.jsonl docs.jsonl
golden decontam-rejects rejects --against quiz.jsonl --against tasks.json docs.jsonl
golden decontam-report report --against quiz.jsonl --against tasks.json docs.jsonl
golden decontam-mask quern decontam --against quiz.jsonl --action mask docs.jsonl
golden decontam-action-report quern decontam --against quiz.jsonl --action report docs.jsonl
golden decontam-fields report --against tasks.json --fields prompt,meta.hint,options docs.jsonl
golden decontam-whole report --against quiz.jsonl --overlap 1 docs.jsonl
golden decontam-stats stats --against quiz.jsonl --ngram 8 docs.jsonl

# Masked texts have no leak left, and masking them again changes nothing.
quern decontam --against quiz.jsonl --action mask docs.jsonl -o masked.jsonl
equal "nothing is left in masked documents" "" "$(rejects --against quiz.jsonl masked.jsonl)"
quern decontam --against quiz.jsonl --action mask masked.jsonl -o again.jsonl
check "masking twice" cmp masked.jsonl again.jsonl

# The items as they come: compressed, in folders, from patterns.
mkdir -p sets/a
zstd -q quiz.jsonl -o sets/a/quiz.jsonl.zst
quern decontam --against sets docs.jsonl >got.jsonl
quern decontam --against quiz.jsonl docs.jsonl >want.jsonl
check "a folder of compressed sets" cmp want.jsonl got.jsonl
quern decontam --against 'sets/**/*.zst' <docs.jsonl >got.jsonl
check "a pattern; documents from stdin" cmp want.jsonl got.jsonl

# Many documents and items, with common runs of words.
awk 'BEGIN {
	srand(11)
	for (i = 0; i < 400; i++) {
		printf "{\"question\":\"Choose the right one of the answers that are given below here:" >"many-quiz.jsonl"
		n = 5 + int(rand() * 30)
		for (k = 0; k < n; k++) {
			w[i, k] = int(rand() * 500)
			printf " w%d", w[i, k] >"many-quiz.jsonl"
		}
		size[i] = n
		print "\"}" >"many-quiz.jsonl"
	}
	for (d = 0; d < 6000; d++) {
		printf "{\"id\":\"%d\",\"text\":\"", d
		for (k = 0; k < 60; k++) printf "w%d ", int(rand() * 500)
		if (d % 5 == 0) printf "choose the right one of the answers that are given below here "
		if (d % 3 == 0) {
			i = int(rand() * 400)
			for (k = 0; k < size[i]; k++) printf "W%d%s", w[i, k], k % 5 ? " " : ",\\n"
		}
		print "\"}"
	}
}' >many.jsonl
threads "drop" quern decontam --against many-quiz.jsonl many.jsonl
threads "mask" quern decontam --against many-quiz.jsonl --action mask many.jsonl
threads "the report" report --against many-quiz.jsonl many.jsonl
threads "rejects" rejects --against many-quiz.jsonl many.jsonl
report --against many-quiz.jsonl many.jsonl >report.once
head -n 2500 many.jsonl >a.jsonl
tail -n +2501 many.jsonl >b.jsonl
report --against many-quiz.jsonl a.jsonl b.jsonl >report.two
check "two files of documents" cmp report.once report.two
quern decontam --against many-quiz.jsonl many.jsonl | sort >all.sorted
{ quern decontam --against many-quiz.jsonl b.jsonl
	quern decontam --against many-quiz.jsonl a.jsonl; } | sort >parts.sorted
check "decontam(a + b) = decontam(a) + decontam(b)" cmp all.sorted parts.sorted

# Bad sets, bad options, full disks.
printf '%s\n' '{"question":"one"}' '{"question":' >broken.jsonl
printf '%s\n' '{"options":["a","b"],"gold":1}' >other.jsonl
printf '' >none.jsonl
golden decontam-broken quern decontam --against broken.jsonl docs.jsonl
golden decontam-other quern decontam --against other.jsonl docs.jsonl
golden decontam-no-such-field quern decontam --against quiz.jsonl --fields title docs.jsonl
golden decontam-none quern decontam --against none.jsonl docs.jsonl
golden decontam-no-against quern decontam docs.jsonl
golden decontam-no-file quern decontam --against no/such.jsonl docs.jsonl
mkdir empty
golden decontam-empty-folder quern decontam --against quiz.jsonl --against empty docs.jsonl
printf '{\n"data": [{"question": "one two three"}]\n}\n' >squad.json
golden decontam-squad quern decontam --against squad.json docs.jsonl
golden decontam-bad-ngram quern decontam --against quiz.jsonl --ngram 0 docs.jsonl
golden decontam-bad-overlap quern decontam --against quiz.jsonl --overlap 0 docs.jsonl
exits 2 "no such action" quern decontam --against quiz.jsonl --action burn docs.jsonl
exits 1 "too little memory" quern decontam --threads 1 --memory 15M --against many-quiz.jsonl docs.jsonl -o little.jsonl
check "and no output" test ! -e little.jsonl
exits 1 "a full disk for the report" quern decontam --against quiz.jsonl --report /dev/full docs.jsonl -o out.full
check "and no output" test ! -e out.full
printf '%s\n' '{"id":"a","text":"x"}' '{"text":' >damaged.jsonl
golden decontam-damage quern decontam --against quiz.jsonl damaged.jsonl

# Real items in real prose, wrapped and recased; no book has any.
needs "$shared/data/eval"
sets=(gsm8k.test arc_challenge boolq lambada_openai mmlu_stem.test)
against=()
for s in "${sets[@]}"; do against+=(--against "$shared/data/eval/$s.jsonl.zst"); done
zstd -dcqf "$shared/data/books/books.en.jsonl.zst" | head -n 4 >books.jsonl
equal "no book is dropped" "" "$(rejects "${against[@]}" books.jsonl)"
for s in "${sets[@]}"; do
	zstd -dcqf "$shared/data/eval/$s.jsonl.zst" | head -n 200
done | jq -c '(.question // .query // .context) | select([scan("\\w+")] | length >= 13)
	| {id: "", text: ("It was a dark night. " + (ascii_upcase | gsub("\\s+"; "\n") | gsub("\u0027"; "\u2019")) + " So he said.")}' >planted.jsonl
equal "every item of 13 words or more is found" "" \
	"$(quern decontam "${against[@]}" planted.jsonl)"
finish
