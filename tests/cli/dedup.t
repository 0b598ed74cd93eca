#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dedup exact, dedup minhash: what stays, what is said of the rest.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

rejects() { # rejects METHOD...: what is dropped, and why
	quern dedup "$@" --rejects rejects.jsonl -o kept.jsonl && cat rejects.jsonl
}

stats() { # stats METHOD...: the counts
	quern dedup "$@" --stats stats.json -o kept.jsonl && cat stats.json
}

pairs() { # pairs METHOD...: pairs of ids
	quern dedup "$@" --pairs pairs.tsv -o kept.jsonl && cat pairs.tsv
}

# Copies, near copies, texts shorter than a shingle.
cat >docs.jsonl <<'END'
{"id":"mill-2","text":"The old mill by the river grinds rye and wheat all day long, and the miller sings while the big wheel turns in the cold water.","metadata":{"url":"https://b.example/"}}
{"id":"mill-1","text":"The old mill by the river grinds rye and wheat all day long, and the miller sings while the big wheel turns in the cold water."}
{"id":"mill-3","text":"THE OLD MILL by the river grinds rye and wheat all day long,\nand the miller sings while the big wheel turns in the cold water!"}
{"id":"mill-4","text":"The old mill by the river grinds rye and wheat all day long, and the miller sings while the big wheel turns in the cold spring water."}
{"id":"bread","text":"Bread is best on the day it is baked, said the baker, and sold the rest of it at half the price."}
{"text":"one two three"}
{"id":"short","text":"One, two, three."}
{"id":"empty","text":""}
{"id":"marks","text":"?!"}
END
golden dedup-exact quern dedup exact docs.jsonl
golden dedup-exact-rejects rejects exact docs.jsonl
golden dedup-exact-normal quern dedup exact --normal docs.jsonl
golden dedup-minhash quern dedup minhash docs.jsonl
golden dedup-minhash-rejects rejects minhash --verify .75 docs.jsonl
golden dedup-minhash-pairs pairs minhash --verify .5 docs.jsonl
for profile in chars fineweb refinedweb nemo datatrove; do
	golden "dedup-$profile" rejects minhash --profile $profile docs.jsonl
done
golden dedup-profile-ngram stats minhash --bands 7 --profile=nemo --ngram 9 docs.jsonl
golden dedup-datatrove-verify quern dedup minhash --profile datatrove --verify .8 docs.jsonl
golden dedup-minhash-stats stats minhash --verify .75 docs.jsonl
golden dedup-exact-stats stats exact docs.jsonl
golden dedup-help quern dedup -h

# Much more than a batch: pages from a few words, many alike.
awk 'BEGIN {
	srand(7)
	for (i = 0; i < 9000; i++) {
		n = 20 + int(rand() * 120)
		if (i % 3 == 0 || i < 30) {
			for (k = 0; k < n; k++) w[k] = int(rand() * 400)
			last[i % 30] = n
			for (k = 0; k < n; k++) page[i % 30, k] = w[k]
		} else {
			p = int(rand() * 30)
			n = last[p]
			for (k = 0; k < n; k++) w[k] = page[p, k]
			if (rand() < .7) w[int(rand() * n)] = int(rand() * 400)
		}
		printf "{\"id\":\"%d\",\"text\":\"", int(rand() * 1e6)
		for (k = 0; k < n; k++) printf "w%d%s", w[k], k % 9 ? " " : ", "
		print "\"}"
	}
}' >many.jsonl
threads "exact" quern dedup exact many.jsonl
threads "minhash" quern dedup minhash many.jsonl
threads "minhash's rejects" rejects minhash many.jsonl
threads "profile chars" quern dedup minhash --profile chars many.jsonl
threads "profile datatrove" rejects minhash --profile datatrove many.jsonl
threads "minhash's pairs" pairs minhash many.jsonl
threads "minhash's counts" stats minhash many.jsonl

# stdin is a pipe, a file, or among files; compressed or not.
quern dedup minhash many.jsonl >want.jsonl
quern dedup minhash --pairs p.tsv many.jsonl >got.jsonl
check "asking for pairs changes nothing" cmp want.jsonl got.jsonl
check "the pairs are sorted" sort -c -t "$(printf '\t')" -k1,1 -k2,2 p.tsv
quern dedup minhash <many.jsonl >got.jsonl
check "minhash: stdin from a file" cmp want.jsonl got.jsonl
# shellcheck disable=SC2002
cat many.jsonl | quern dedup minhash >got.jsonl
check "minhash: stdin from a pipe" cmp want.jsonl got.jsonl
gzip -c many.jsonl | quern dedup minhash - -o got.jsonl.zst
zstd -dcq got.jsonl.zst >got.jsonl
check "minhash: gzip in, zstd out" cmp want.jsonl got.jsonl
head -n 4000 many.jsonl >a.jsonl
tail -n +4001 many.jsonl >b.jsonl
quern dedup minhash a.jsonl b.jsonl >got.jsonl
check "minhash: two files" cmp want.jsonl got.jsonl
quern dedup minhash got.jsonl >again.jsonl
check "minhash: of its own output it drops nothing" cmp got.jsonl again.jsonl

# What stays does not depend on the order.
for method in exact minhash; do
	quern dedup $method many.jsonl | sort >want.sorted
	tac many.jsonl | quern dedup $method | sort >got.sorted
	check "$method: the same documents stay in reverse order" cmp want.sorted got.sorted
	shuf --random-source=<(yes) many.jsonl | quern dedup $method | sort >got.sorted
	check "$method: the same documents stay in any order" cmp want.sorted got.sorted
done

# Scripts without blanks: a comma more or a line end changes little.
cat >zh.jsonl <<'END'
{"id":"1","text":"磨坊在河边，水车日夜不停地转。磨坊主人每天早上五点起床，去看水位高不高。"}
{"id":"2","text":"磨坊在河边,水车日夜不停地转.\n磨坊主人每天早上五点起床去看水位高不高！"}
{"id":"3","text":"面包师傅说，今天的面粉比昨天的白，价钱却贵了一半，大家都在抱怨。"}
END
equal "chars: the same poem with other marks" "1 3" "$(
	quern dedup minhash --profile chars zh.jsonl | jq -r .id | xargs)"

# Which copy stays.
cat >copies.jsonl <<'END'
{"id":"a","text":"the mill by the  river","metadata":{"date":"2020-01-02","score":-2}}
{"id":"b","text":"the mill by the river","metadata":{"date":"2021-01-02","score":10.5}}
{"id":"c","text":"the mill by the river","metadata":{"date":"2021-01-02T03:04:05Z","score":9}}
{"id":"d","text":"the mill by the\tlong  river","metadata":{"score":"much"}}
{"id":"e","text":"the mill by the river","metadata":{"in":{"n":-0.5}}}
END
stays() { # stays LIST: the ids that are kept of copies.jsonl
	quern dedup exact --normal --prefer "$1" copies.jsonl | jq -r .id | xargs
	tac copies.jsonl | quern dedup minhash --ngram 1 --prefer "$1" | jq -r .id | tac | xargs
}
while read -r list want; do
	got=$(stays "$list")
	equal "--prefer $list" "$want" "${got//$'\n'/ / }"
done <<'END'
longest a d / d
shortest b d / b
newest c d / c
oldest a d / a
metadata.score:desc b d / b
metadata.score:asc a d / a
metadata.in.n:asc d e / e
metadata.none:asc,newest c d / c
metadata.date:desc,longest c d / c
END
exits 2 "--prefer: no such criterion" quern dedup exact --prefer best copies.jsonl
exits 2 "--prefer: no direction" quern dedup exact --prefer metadata.score copies.jsonl
quern dedup minhash --prefer longest --pairs p2.tsv many.jsonl >longest.jsonl
quern dedup minhash --pairs p.tsv many.jsonl -o kept.jsonl
check "--prefer changes no pair" cmp p.tsv p2.tsv
threads "--prefer" rejects minhash --prefer longest many.jsonl
shuf --random-source=<(yes) many.jsonl | quern dedup minhash --prefer longest | sort >got.sorted
sort longest.jsonl >want.sorted
check "--prefer: the same documents stay in any order" cmp want.sorted got.sorted
equal "a shorter document does not replace a longer one" "" "$(
	jq -c '.id = "\(input_line_number)"' many.jsonl >numbered.jsonl
	quern dedup minhash --prefer longest --rejects r.jsonl numbered.jsonl -o kept.jsonl
	jq -r 'select(.metadata.reject.value == 1) | [.metadata.reject.detail.of, (.text | length)] | @tsv' r.jsonl |
		sort >dropped.tsv
	jq -r '[.id, (.text | length)] | @tsv' kept.jsonl | sort |
		join -t "$(printf '\t')" - dropped.tsv | awk -F'\t' '$3 > $2')"

# The same page under several URLs.
cat >urls.jsonl <<'END'
{"id":"1","text":"a","metadata":{"url":"https://www.Mill.example:443/rye/../bread/?b=2&a=1&utm_source=x#top","date":"2020"}}
{"id":"2","text":"b","metadata":{"url":"http://mill.example/bread?a=1&b=2","date":"2022"}}
{"id":"3","text":"c","metadata":{"url":"http://mill.example/Bread?a=1&b=2","date":"2021"}}
{"id":"4","text":"d"}
{"id":"5","text":"e","metadata":{"url":null}}
{"id":"6","text":"f","metadata":{"url":"ftp://mill.example/bread?a=1&b=2"}}
END
golden dedup-url rejects url urls.jsonl
equal "url: the newest" "2 3 4 5 6" "$(quern dedup url --prefer newest urls.jsonl | jq -r .id | xargs)"

# Lines that several documents have.
cat >lines.jsonl <<'END'
{"id":"2","text":"Home | News | Mill\n\nThe river is low today.\nCopyright by the miller.","metadata":{"date":"2022"}}
{"id":"1","text":"HOME, news, mill\nRye is cheap.\n--\nRye is cheap!\nCopyright by the Miller"}
{"id":"3","text":"home news mill\n***\nCopyright by the miller"}
{"id":"4","text":""}
{"id":"5","text":"***"}
{"id":"6","text":"Alone."}
END
golden dedup-lines quern dedup lines lines.jsonl
golden dedup-lines-rejects rejects lines lines.jsonl
golden dedup-lines-newest quern dedup lines --prefer newest lines.jsonl
golden dedup-lines-least quern dedup lines --least 4 lines.jsonl
golden dedup-lines-stats stats lines lines.jsonl
exits 2 "lines: --least of a million" quern dedup lines --least 1000000 lines.jsonl
jq -c '.text |= gsub(", "; "\n")' many.jsonl >broken.jsonl
threads "lines" quern dedup lines broken.jsonl
threads "lines' rejects" rejects lines --prefer longest broken.jsonl
quern dedup lines broken.jsonl | sort >want.sorted
tac broken.jsonl | quern dedup lines | sort >got.sorted
check "lines: the same in reverse order" cmp want.sorted got.sorted
quern dedup lines broken.jsonl >once.jsonl
quern dedup lines once.jsonl >again.jsonl
check "lines: of its own output it cuts nothing" cmp once.jsonl again.jsonl
words() { jq -r .text "$1" | grep '[a-z0-9]' | sed 's/[^a-z0-9]\+/ /g; s/^ //; s/ $//'; }
equal "lines: each is left once" "$(words broken.jsonl | sort -u | md5sum)" \
	"$(words once.jsonl | sort | md5sum)"

# Sentences, three in a row, as C4 has them; one; whatever the lines.
cat >sentences.jsonl <<'END'
{"id":"2","text":"The mill is old. The wheel turns. The miller sings.\nHe is alone.\n\nRye is cheap."}
{"id":"1","text":"It rains. The mill is old! The wheel\nturns; the miller sings? No."}
{"id":"3","text":"The mill is old: the wheel turns. The miller sings. THE MILL IS OLD. The wheel turns. The miller sings."}
{"id":"4","text":"  He is alone."}
{"id":"5","text":"The mill is old. The wheel turns. The miller sings. He is alone.\n"}
{"id":"6","text":"..."}
{"id":"7","text":""}
END
golden dedup-sentences rejects lines --unit sentences sentences.jsonl
golden dedup-sentences-kept quern dedup lines --unit sentences sentences.jsonl
golden dedup-sentences-one quern dedup lines --unit sentences --span 1 sentences.jsonl
golden dedup-lines-two quern dedup lines --span 2 lines.jsonl
jq -c '.text |= gsub(", "; ". ") | .metadata.url = "http://mill.example/\(.id | tonumber % 3000)"' \
	many.jsonl >broken3.jsonl
threads "sentences" quern dedup lines --unit sentences broken3.jsonl
threads "sentences' rejects" rejects lines --unit sentences --span 2 broken3.jsonl
quern dedup lines --unit sentences broken3.jsonl | sort >want.sorted
tac broken3.jsonl | quern dedup lines --unit sentences | sort >got.sorted
check "sentences: the same in reverse order" cmp want.sorted got.sorted
# The same by the definition: rows that came before, in the order of ids, go.
awk 'BEGIN {
	srand(5)
	for (i = 0; i < 300; i++) {
		printf "{\"id\":\"%03d\",\"text\":\"", (i * 37) % 300
		n = int(rand() * 12)
		for (k = 0; k < n; k++) printf "%sGrain %c%c.", k ? " " : "", 97 + int(rand() * 3), 97 + int(rand() * 3)
		print "\"}"
	}
}' >rows.jsonl
for n in 1 2 3 5; do
	jq -cs --argjson n $n 'sort_by(.id) | reduce .[] as $d ({seen: {}, out: []};
		($d.text | [scan("Grain ..\\.")]) as $s |
		reduce range(0; ($s | length) - $n + 1) as $i (. + {cut: {}};
			($s[$i:$i + $n] | join(" ")) as $row |
			if .seen[$row] then reduce range($i; $i + $n) as $k (.; .cut["\($k)"] = true)
			else .seen[$row] = true end) |
		.cut as $cut |
		([range(0; $s | length) as $k | select($cut["\($k)"] | not) | $s[$k]] | join(" ")) as $left |
		if $left == "" and $s != [] then . else .out += [{id: $d.id, text: $left}] end) | .out[]' rows.jsonl >want.sorted
	quern dedup lines --unit sentences --span $n rows.jsonl | jq -c '{id, text}' | sort >got.sorted
	check "rows of $n sentences: as by the definition" cmp want.sorted got.sorted
done
exits 2 "lines: a span of a thousand" quern dedup lines --span 1000 lines.jsonl

# A filter for what comes once changes nothing but the memory.
for method in exact url lines 'lines --unit sentences'; do
	read -ra words_of <<<"$method"
	for p in .5 .01 1e-9; do
		quern dedup "${words_of[@]}" broken3.jsonl >want.jsonl
		quern dedup "${words_of[@]}" --bloom $p --stats s.json broken3.jsonl >got.jsonl
		check "$method --bloom $p: the same" cmp want.jsonl got.jsonl
		check "and the bound is kept" jq -e --argjson p $p '.bloom.false_positive_bound <= $p' s.json
	done
done
quern dedup exact --stats want.json broken3.jsonl -o kept.jsonl
quern dedup exact --stats got.json --bloom .01 broken3.jsonl -o kept.jsonl
equal "--bloom: the same counts" "$(jq -c '[.distinct, .clusters, .largest_cluster]' want.json)" \
	"$(jq -c '[.distinct, .clusters, .largest_cluster]' got.json)"
exits 2 "--bloom of 1" quern dedup exact --bloom 1 docs.jsonl

# A bucket of thousands is no square.
awk 'BEGIN { for (i = 0; i < 30000; i++)
	print "{\"id\":\"" i "\",\"text\":\"the same page again and again, word by word\"}" }' >same.jsonl
check "30,000 copies of a page" timeout 20 quern dedup minhash same.jsonl -o got.jsonl
equal "one of them stays" '{"id":"0","text":"the same page again and again, word by word"}' "$(cat got.jsonl)"

# Pages that share half of their text are one component, with all pairs compared.
awk 'BEGIN { srand(3); for (i = 0; i < 1300; i++) {
	printf "{\"id\":\"%d\",\"text\":\"", i
	for (k = 0; k < 40; k++) printf "h%d ", k
	for (k = 0; k < 25; k++) printf "w%d ", int(rand() * 99999)
	print "\"}" } }' >half.jsonl
wide() { quern dedup minhash --verify .5 --rejects r.jsonl --stats s.json "$@" half.jsonl && cat r.jsonl s.json; }
threads "a wide component" wide
equal "in chunks: the same" "$(wide | md5sum)" "$(wide --memory 18M --threads 1 | md5sum)"
check "nearly all pairs were compared" test "$(jq .candidates s.json)" -gt 600000

# Damage, odd ids, bad options.
printf '%s\n' '{"id":"a","text":"x y"}' '{"id":"b","text":' '{"id":"c","text":"x y"}' >bad.jsonl
golden dedup-damage stats exact bad.jsonl
exits 1 "--strict stops at damage" quern dedup minhash --strict bad.jsonl -o strict.jsonl
check "and leaves no output" test ! -e strict.jsonl
printf '%s\n' '{"id":"t\ta\\b","text":"x y"}' '{"id":"n\n\u0000","text":"x y"}' >odd.jsonl
golden dedup-odd-ids pairs minhash odd.jsonl
printf '' >none.jsonl
golden dedup-none quern dedup minhash --pairs p.tsv none.jsonl
golden dedup-bad-verify quern dedup minhash --verify 1.5 docs.jsonl
golden dedup-bad-bands quern dedup minhash --bands 0 docs.jsonl
golden dedup-bad-profile quern dedup minhash --profile fancy docs.jsonl
golden dedup-no-file quern dedup exact none/at/all.jsonl
golden dedup-memory quern dedup minhash --threads 1 --memory 12M -o little.jsonl docs.jsonl
check "too little memory: no output" test ! -e little.jsonl
quern dedup minhash --memory 64M many.jsonl >got.jsonl
quern dedup minhash many.jsonl >want.jsonl
check "enough memory: the same" cmp want.jsonl got.jsonl
# Whatever the memory: the same bytes, with runs on disk or without.
quern dedup minhash --pairs want.tsv --stats want.json many.jsonl --rejects want.rej -o want.jsonl
for size in 16M 17M 20M 40M 1G; do
	quern dedup minhash --threads 1 --memory $size --pairs p.tsv --stats got.json \
		--rejects got.rej many.jsonl -o got.jsonl
	check "minhash with $size: the same" cmp want.jsonl got.jsonl
	check "with $size: the same reasons" cmp want.rej got.rej
	check "with $size: the same pairs" cmp want.tsv p.tsv
	equal "with $size: the same counts" "$(jq -c .dropped,.candidates,.verified,.clusters want.json)" \
		"$(jq -c .dropped,.candidates,.verified,.clusters got.json)"
done
for method in "exact --normal" url "lines --prefer longest" "minhash --profile datatrove"; do
	# shellcheck disable=SC2086 # words are wanted
	for size in 16M 1G; do
		quern dedup $method --threads 1 --memory $size --stats $size.json \
			--rejects $size.rej broken.jsonl -o $size.jsonl
	done
	check "$method with 16M: the same" cmp 16M.jsonl 1G.jsonl
	check "$method with 16M: the same reasons" cmp 16M.rej 1G.rej
	check "$method with 16M: the same counts" cmp 16M.json 1G.json
done
mkdir nowhere
TMPDIR=$tmp/nowhere/at/all exits 1 "nowhere for sorted runs" \
	quern dedup minhash --memory 16M --threads 1 many.jsonl -o got.none
check "and no output" test ! -e got.none
exits 1 "a full disk" quern dedup minhash many.jsonl -o /dev/full
exits 1 "a full disk for pairs" quern dedup minhash many.jsonl --pairs /dev/full -o got.full
check "and no output" test ! -e got.full
exits 2 "no such method" quern dedup fuzzily docs.jsonl

# What datatrove keeps: the root, here the first of the chain.
printf '%s\n' '{"id":"z","text":"one two three four five six seven"}' \
	'{"id":"y","text":"one two three four five six seven"}' \
	'{"id":"x","text":"One, two, three: four five six seven."}' \
	'{"id":"w","text":"one two"}' '{"id":"v","text":"one two"}' >chain.jsonl
equal "datatrove: the first stays, and what is too short" "z w v" "$(
	quern dedup minhash --profile datatrove chain.jsonl | jq -r .id | xargs)"

# Versions of pages, code and LaTeX, with the similarity of every pair.
needs "$shared/data/neardup"
for set in tldr_page_versions code_file_versions stacks_section_versions; do
	zstd -dcqf "$shared/data/neardup/$set.pairs.tsv.zst" |
		awk -F'\t' '$3 != "jaccard_word5" && $3 >= .8 { print $1 "\t" $2 "\t" $3 }' |
		sort >truth.tsv
	quern dedup minhash --pairs pairs.tsv "$shared/data/neardup/$set.jsonl.zst" -o kept.jsonl
	check "$set: every pair at .8, its similarity, no other" cmp truth.tsv pairs.tsv
done

# Two editions of each poem, with their similarity by runs of three characters.
zstd -dcqf "$shared/data/neardup/tang_poem_editions.zh.jsonl.zst" >tang.jsonl
jq -c '{id: (.id + "a"), text: .a}, {id: (.id + "b"), text: .b}' tang.jsonl >poems.jsonl
jq -r 'select(.jaccard_char3 >= .8) | .id + "a\t" + .id + "b"' tang.jsonl | sort >truth.tsv
quern dedup minhash --profile chars --ngram 3 --pairs pairs.tsv poems.jsonl -o kept.jsonl
cut -f 1,2 pairs.tsv | sort | comm -12 - truth.tsv >found.tsv
check "chars: at least 998 of 1000 editions of a poem" \
	test $(($(wc -l <found.tsv) * 1000)) -ge $(($(wc -l <truth.tsv) * 998))
finish
