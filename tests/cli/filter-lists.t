#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern filter by lists that are read at run time: URLs and words.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

rejects() { # rejects FILTER-ARGS...
	quern filter -q "$@" --rejects rejects.jsonl >/dev/null && cat rejects.jsonl
}

mkdir -p lists/adult lists/games lists/empty
printf '# domains\nbad.example\n.Worse.Example.\r\n\n10.0.0.1\n' >lists/adult/domains
printf 'mixed.example/~bad/page\nhttp://www.other.example/x/\n' >lists/adult/urls
printf 'play.example' >lists/games/domains
printf '(a|b)\n' >lists/games/expressions
printf 'casino\n' >hard
printf 'sexy\nhot\n' >soft
printf 'xxx-porn\n' >sub
n=0
while read -r url; do
	printf '{"id":"%d","text":"t","metadata":{"url":"%s"}}\n' "$((n += 1))" "$url"
done >urls.jsonl <<'END'
http://bad.example/
https://a.b.BAD.example:8080/x?y
http://notbad.example/
http://user@www.worse.example./q
http://mixed.example/~bad/page/?a=b#c
http://mixed.example/~bad/
http://www.mixed.example:80/~bad/page
//other.example/x
http://play.example
http://10.0.0.1/x
http://x.example/online-Casino/
http://x.example/casinos
http://x.example/hot-sexy
http://x.example/hot-hot
http://x.example/xxxpor_n.html

no url at all
http://[::1]:80/
http://:80/?#@
END
printf '%s\n' '{"id":"none","text":"t"}' '{"id":"number","text":"t","metadata":{"url":3}}' >>urls.jsonl
lists=(--url-lists lists --url-words hard --url-soft-words soft --url-substrings sub)
golden filter-urls quern filter -q "${lists[@]}" urls.jsonl
golden filter-urls-rejects rejects "${lists[@]}" urls.jsonl
equal "only some categories" 9 \
	"$(rejects --url-lists lists --url-categories games urls.jsonl | jq -r .id)"
equal "a URL comes before words" "url_domain where" "$(rejects --url-lists lists \
	--where 'id == "none"' urls.jsonl | jq -r .metadata.reject.rule | uniq | tr '\n' ' ' | cut -c1-16)"
gzip -c lists/adult/domains >packed
mkdir -p zipped/adult && mv packed zipped/adult/domains
equal "a compressed list" "1 2 4 10 " \
	"$(rejects --url-lists zipped urls.jsonl | jq -r .id | tr '\n' ' ')"
golden filter-urls-category quern filter --url-lists lists --url-categories news urls.jsonl
golden filter-urls-none quern filter --url-lists lists/empty urls.jsonl
exits 2 "categories of nothing" quern filter --url-categories a urls.jsonl
exits 1 "no such list" quern filter --url-words nowhere urls.jsonl
printf 'fine.example\na b\n' >lists/adult/domains
golden filter-urls-bad quern filter --url-lists lists urls.jsonl
printf 'x\n' >sub
golden filter-urls-short quern filter --url-substrings sub urls.jsonl
head -c 5000 /dev/zero | tr '\0' a >long
golden filter-urls-long quern filter --url-words long urls.jsonl
for _ in $(seq 300); do cat urls.jsonl; done >many.jsonl
threads "URLs" quern filter -q --url-lists zipped many.jsonl

# Words and phrases.
printf '# bad words\nDarn\nmill stone\n\xe8\x89\xb2\xe6\x83\x85\n\xd0\xa1\xd0\x9a\xd0\x9e\xd0\xa2\nf***\nass\n' >bad.txt
printf 'mist\r\n' >mist.de
cat >words.jsonl <<'END'
{"id":"0","text":"The mill\n STONE is darned. Darn it, darn.","metadata":{"language":"en"}}
{"id":"1","text":"assess the ass. Ass!"}
{"id":"2","text":"这是色情网站。"}
{"id":"3","text":"скот и СКОТИНА"}
{"id":"4","text":"so f*** it, f it"}
{"id":"5","text":"Im Mist liegt Nebel.","metadata":{"language":"de"}}
{"id":"6","text":"A mist lies there.","metadata":{"language":"en"}}
{"id":"7","text":"First one is fine. This darn one isn't. Third is fine too.\n\nDarn paragraph here.\nA last one."}
{"id":"8","text":""}
END
golden filter-lexicon quern filter -q --lexicon bad=bad.txt --lexicon mud:de=mist.de words.jsonl
golden filter-lexicon-explain quern filter -q --lexicon bad=bad.txt --explain --where 'id == "0"' words.jsonl
golden filter-lexicon-rejects rejects --lexicon bad=bad.txt --lexicon-drop --lexicon-above 1 words.jsonl
equal "a ratio" "1 2 3 4 " "$(rejects --lexicon bad=bad.txt --lexicon-drop \
	--lexicon-ratio 0.11 words.jsonl | jq -r 'select(.id != "0") | .id' | tr '\n' ' ')"
for unit in paragraph sentence; do
	golden "filter-lexicon-$unit" quern filter -q --lexicon bad=bad.txt --lexicon-unit $unit --lexicon-drop words.jsonl
	golden "filter-lexicon-$unit-rejects" rejects --lexicon bad=bad.txt --lexicon-unit $unit --lexicon-drop words.jsonl
done
equal "flagged, not dropped" "Darn paragraph here." "$(
	quern filter -q --lexicon bad=bad.txt --lexicon-unit paragraph words.jsonl |
		jq -r 'select(.id == "7") | .text[.metadata.lexicon.units[1].start:.metadata.lexicon.units[1].end]')"
equal "profiles see what is left" "words" "$(rejects --lexicon bad=bad.txt --lexicon-unit sentence --lexicon-drop \
	--where 'words > 11' words.jsonl | jq -r 'select(.id == "7") | "words"')"
equal "counts in a condition" 0 "$(quern filter -q --lexicon bad=bad.txt words.jsonl |
	quern filter -q --where 'metadata.lexicon.lists.bad.count >= 3' | jq -r .id)"
equal "counts of the same run" "0 7 " "$(quern filter -q --lexicon bad=bad.txt \
	--where 'lexicon.bad >= 2 and not id == "1"' words.jsonl | jq -r .id | tr '\n' ' ')"
equal "none is 0" "5 6 8 " "$(quern filter -q --lexicon bad=bad.txt \
	--where 'lexicon_ratio.bad < 0.0001 and lexicon.bad == 0' words.jsonl | jq -r .id | tr '\n' ' ')"
equal "of the text as it was" "7" "$(quern filter -q --lexicon bad=bad.txt --lexicon-unit sentence \
	--lexicon-drop --where 'lexicon.bad == 2' words.jsonl | jq -r 'select(.id == "7") | .id')"
exits 2 "a condition on no list" quern filter --lexicon bad=bad.txt --where 'lexicon.mud' words.jsonl
exits 2 "a list without a file" quern filter --lexicon bad words.jsonl
exits 2 "a limit without a list" quern filter --lexicon-above 1 words.jsonl
exits 2 "no such unit" quern filter --lexicon a=bad.txt --lexicon-unit page words.jsonl
printf '#\n\n' >none.txt
golden filter-lexicon-empty quern filter --lexicon a=none.txt words.jsonl
printf 'fine\n\377\n' >broken.txt
golden filter-lexicon-bad quern filter --lexicon a=broken.txt words.jsonl
for _ in $(seq 300); do cat words.jsonl; done >many.jsonl
threads "words" quern filter -q --lexicon bad=bad.txt --lexicon-unit sentence --lexicon-drop many.jsonl
finish
