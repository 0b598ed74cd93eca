#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dedup substring: which copy of a passage stays, what is said of the others.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

rejects() { # rejects OPTIONS...: what is dropped, and why
	quern dedup substring "$@" --rejects rejects.jsonl -o kept.jsonl && cat rejects.jsonl
}

stats() { # stats OPTIONS...: the counts
	quern dedup substring "$@" --stats stats.json -o kept.jsonl && cat stats.json
}

passage='the old mill by the river grinds rye and wheat all day'
cat >docs.jsonl <<END
{"id":"3","text":"Once upon a time, $passage. And so on.","metadata":{"date":"2022"}}
{"id":"1","text":"They say $passage, even at night."}
{"id":"2","text":"$passage"}
{"id":"4","text":"  $passage\n"}
{"id":"5","text":""}
{"id":"6","text":"short"}
{"id":"7","text":"----------------------------------------------------------------"}
{"id":"8","text":"水车日夜不停地转，磨坊主人每天早上五点起床。"}
{"id":"9","text":"那水车日夜不停地转，磨坊主人每天早上五点起来。"}
END
golden dedup-substring quern dedup substring --least 40 docs.jsonl
golden dedup-substring-rejects rejects --least 40 docs.jsonl
golden dedup-substring-mark quern dedup substring --least 40 --action mark docs.jsonl
golden dedup-substring-newest quern dedup substring --least 40 --prefer newest docs.jsonl
golden dedup-substring-stats stats --least 40 docs.jsonl
golden dedup-substring-few quern dedup substring --least 8 docs.jsonl
golden dedup-substring-action quern dedup substring --action shred docs.jsonl
golden dedup-substring-memory quern dedup substring --threads 1 --memory 12M docs.jsonl -o little.jsonl
check "too little memory: no output" test ! -e little.jsonl
equal "of a copy nothing is left" "" "$(
	sed 's/"id":"/&copy-/' docs.jsonl | cat docs.jsonl - |
		quern dedup substring --least 40 | jq -c 'select((.id | startswith("copy")) and (.text | length) > 30)')"

# Passages by the thousand, from page to page.
awk 'BEGIN {
	srand(11)
	for (i = 0; i < 60; i++)
		for (k = 0; k < 60; k++)
			passage[i] = passage[i] sprintf("%c", 97 + int(rand() * 26)) (rand() < .2 ? " " : "")
	for (i = 0; i < 3000; i++) {
		printf "{\"id\":\"%d\",\"text\":\"", i * 7919 % 3001
		n = 1 + int(rand() * 6)
		for (k = 0; k < n; k++)
			if (rand() < .4) {
				p = passage[int(rand() * 60)]
				printf "%s", substr(p, 1 + int(rand() * 10), 20 + int(rand() * 50))
			} else
				for (j = 0; j < 100; j++)
					printf "%c", 97 + int(rand() * 26)
		print "\",\"metadata\":{\"n\":" int(rand() * 9) "}}"
	}
}' >many.jsonl
threads "substring" quern dedup substring --least 30 many.jsonl
threads "substring's rejects" rejects --least 30 --prefer metadata.n:desc many.jsonl
threads "substring's counts" stats --least 30 many.jsonl
quern dedup substring --least 30 many.jsonl | sort >want.sorted
tac many.jsonl | quern dedup substring --least 30 | sort >got.sorted
check "the same in reverse order" cmp want.sorted got.sorted
shuf --random-source=<(yes) many.jsonl | quern dedup substring --least 30 | sort >got.sorted
check "the same in any order" cmp want.sorted got.sorted
quern dedup substring --least 30 many.jsonl >want.jsonl
quern dedup substring --least 30 --threads 1 --memory 32M many.jsonl >got.jsonl
check "the same in little memory" cmp want.jsonl got.jsonl
head -n 1000 many.jsonl >a.jsonl
tail -n +1001 many.jsonl | zstd -q >b.jsonl.zst
quern dedup substring --least 30 a.jsonl b.jsonl.zst >got.jsonl
check "two files, one compressed: the same" cmp want.jsonl got.jsonl
# shellcheck disable=SC2002
cat many.jsonl | quern dedup substring --least 30 >got.jsonl
check "from a pipe: the same" cmp want.jsonl got.jsonl

# Ids that are the same, and none: lines decide.
jq -c '.id = (.id | tonumber % 3 | tostring)' many.jsonl | head -n 500 >same-ids.jsonl
quern dedup substring --least 30 same-ids.jsonl | jq -c '.text' | sort >want.sorted
shuf --random-source=<(yes) same-ids.jsonl | quern dedup substring --least 30 | jq -c '.text' | sort >got.sorted
check "documents of one id, in any order: the same" cmp want.sorted got.sorted

# What the marks say is what is cut.
quern dedup substring --least 30 --action mark many.jsonl |
	jq -c '(.metadata.dedup_substring.spans // []) as $s |
		.text |= (explode as $t | [range($t | length) as $i |
			select([$s[] | select(.start <= $i and $i < .end)] | length == 0) | $t[$i]] |
			implode) | select(.text | test("\\S"))' >marked.jsonl
jq -c . want.jsonl >want.plain
check "what the marks say is what is cut" cmp want.plain marked.jsonl

# Text with a short period, the worst for anchors.
awk 'BEGIN { printf "{\"id\":\"a\",\"text\":\""; for (i = 0; i < 1000000; i++) printf "ab"; print "\"}" }' >long.jsonl
check "2 MB of two letters" timeout 20 quern dedup substring long.jsonl -o got.jsonl
equal "leave two of them" '{"start":2,"end":2000000,"of":"a","at":0}' \
	"$(jq -c '.metadata.dedup_substring.spans[]' got.jsonl)"

# A full disk, the output's and the scratch file's.
exits 1 "a full disk" quern dedup substring --least 30 many.jsonl -o /dev/full
TMPDIR=$tmp/none exits 1 "no folder for scratch files" quern dedup substring many.jsonl
printf '%s\n' '{"id":"a","text":"x y"}' '{"id":"b","text":' '{"id":"c","text":"x y"}' >bad.jsonl
golden dedup-substring-damage stats bad.jsonl
exits 1 "--strict stops at damage" quern dedup substring --strict bad.jsonl -o strict.jsonl
check "and leaves no output" test ! -e strict.jsonl
printf '' >none.jsonl
golden dedup-substring-none stats none.jsonl
finish
