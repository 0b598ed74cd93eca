#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# stats and report: what documents are like, as JSON and as a page.
# shellcheck disable=SC2317 # functions are handed to threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

cat >docs.jsonl <<'END'
{"id":"a","text":"The old mill stands by the river.\nIts wheel turns all day long.","metadata":{"url":"https://www.Mill.example:8080/a?x=1","language":"en","language_score":0.98,"page_kind":"article"}}
{"id":"b","text":"Die alte M\u00fchle steht am Fluss.","metadata":{"url":"http://user@mill.example/b","language":"de","language_score":0.5}}
{"id":"c","text":"","metadata":{"url":"http://[::1]:80/","language":"en","language_score":0}}
{"id":"d","text":"Short.","metadata":{"url":"no url","flag":true,"reject":{"stage":"filter","rule":"short","value":1,"threshold":50,"detail":{"of":"x"}}}}
{"id":"e","text":"Tiny <b>text</b> & more.","metadata":{"reject":{"stage":"filter","rule":"short","value":4,"threshold":50}}}
END
golden stats quern stats docs.jsonl
golden stats-by quern stats --by flag,page_kind --numbers offset docs.jsonl

check "statistics of the sample" quern stats -o all.stats docs.jsonl
head -n 2 docs.jsonl | quern stats -o one.stats
tail -n +3 docs.jsonl | quern stats -o two.stats
check "parts are added up" quern stats --merge two.stats one.stats -o sum.stats
# Members that the parts list in another order come in another order.
equal "to the statistics of the whole" "$(jq -S . all.stats)" "$(jq -S . sum.stats)"
for _ in $(seq 400); do cat docs.jsonl; done >many.jsonl
threads "stats" quern stats many.jsonl

printf 'no json\n{"id":"x","text":"y"}\n' >bad.jsonl
quern stats -o bad.stats bad.jsonl 2>/dev/null
equal "damaged lines are counted" "1 1" \
	"$(jq -r '"\(.documents) \(.damaged)"' bad.stats)"
exits 1 "--strict stops at them" quern stats --strict bad.jsonl -o strict.stats
check "and leaves no output" test ! -e strict.stats
for option in "--by language" "--numbers words" --strict "--rejects r"; do
	# shellcheck disable=SC2086 # two words
	exits 2 "--merge and $option" quern stats --merge $option one.stats -o none.stats
done
golden stats-merge-by quern stats --merge --by language one.stats
golden stats-merge-no quern stats --merge docs.jsonl
echo '{"command":"stats","numbers":{"words":{"histogram":{"n":3,"bins":[[1,2]]}}}}' >odd.stats
golden stats-merge-odd quern stats --merge odd.stats
for i in $(seq 20000); do
	echo '{"id":"'"$i"'","text":"x","metadata":{"url":"http://host-'"$i"'.example/"}}'
done >hosts.jsonl
golden stats-memory quern stats --memory 256K hosts.jsonl

# The page.
quern filter --profile gopher --rejects rej.jsonl --stats filter.stats -o kept.jsonl docs.jsonl
quern stats -o rej.stats rej.jsonl
cat >log.jsonl <<'END'
{"step":1,"tokens":512,"loss":7.6,"lr":0.001}
{"step":2,"tokens":1024,"loss":7.1,"lr":0.002,"valid_loss":7.0,"unigram_loss":6.2}
{"step":3,"tokens":1536,"loss":9,"lr":0.002}
{"event":"resume"}
{"step":3,"tokens":1536,"loss":6.5,"lr":0.001}
END
cat >tables.json <<'END'
{"command":"tokenizer compare","records":{"in":1},"tables":[{"title":"Bytes a token","columns":["language","a","b"],"rows":[["en",4.25,3.5],["<i>",2,1]]}]}
END
golden report-page quern report --title 'A <test>' filter.stats rej.stats log.jsonl tables.json
quern report --title 'A <test>' filter.stats rej.stats log.jsonl tables.json >page.html
check "nothing is fetched from elsewhere" \
	bash -c "! grep -E 'src=|href=|url\(|@import|<script' page.html"
quern report filter.stats filter.stats -o twice.html
check "runs of one command add up" grep -q '2 runs' twice.html
quern report tables.json >page.html
check "a table" grep -q '<td>4.25</td>' page.html
echo '{"command":"train","parameters":1500,"loss":2.5}' >train.stats
quern report train.stats >page.html
check "numbers of a command that judges no records" grep -q '<td>2.5</td>' page.html
golden report-other quern report docs.jsonl
exits 1 "a file that isn't there" quern report none.stats
check "no page is left" bash -c "! quern report none.stats -o none.html; ! test -e none.html"
finish
