#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# filter: profiles, expressions, explanations.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

rejects() { # rejects OPTIONS...: what is dropped, and why
	quern filter --rejects rejects.jsonl -o kept.jsonl "$@" && cat rejects.jsonl
}

stats() { # stats OPTIONS...: the counts
	quern filter --stats stats.json -o kept.jsonl "$@" && cat stats.json
}

ids() { # ids OPTIONS...: the ids of what is kept
	quern filter "$@" | sed 's/^{"id":"\([^"]*\)".*/\1/' | tr '\n' ' '
}

good='The old mill by the river grinds rye and wheat all day long. When autumn comes, farmers bring their grain in heavy carts, and the miller weighs every sack with care before it goes to the stones. His daughter keeps the books; she knows which field gave good corn and which was spoiled by rain. In winter, ice may stop the wheel, so that nobody has flour until spring.'
spam='Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now! Buy flour now!'
cat >docs.jsonl <<END
{"id":"good","text":"$good","metadata":{"language":"en","language_score":0.98,"url":"https://mill.example/"}}
{"id":"short","text":"The mill is closed on Mondays.","metadata":{"language":"en","language_score":0.6}}
{"id":"spam","text":"$spam","metadata":{"language":"en"}}
{"id":"lines","text":"Home\nShop\nHome\nShop\nHome\nShop\nAbout the mill and its history","metadata":null}
{"id":"empty","text":""}
{"id":"blank","text":" \n\u2028\n "}
{"id":"one","text":"mill"}
{"id":"numbers","text":"$(seq -s ' ' 1000 1070)"}
{"id":"cjk","text":"老磨坊在河边，水车整天转动，磨坊主唱着歌。","metadata":{"language":"zh"}}
END
golden filter-gopher quern filter --profile gopher docs.jsonl
golden filter-gopher-rejects rejects --profile gopher docs.jsonl
golden filter-gopher-stats stats --profile gopher docs.jsonl
golden filter-gopher-explain rejects --profile gopher --explain docs.jsonl
golden filter-several quern filter --profile gopher-quality,gopher-repetition docs.jsonl
golden filter-explain quern filter --explain docs.jsonl
golden filter-list quern filter --list-profiles

equal "where: metadata" "good short spam " "$(ids --where 'language == "en"' docs.jsonl)"
equal "where: and, numbers" "good " \
	"$(ids --where 'language == "en" and language_score > 0.65 and words >= 50' docs.jsonl)"
equal "where: or, not" "lines empty blank one numbers cjk " \
	"$(ids --where 'not language or not (language != "zh")' docs.jsonl)"
equal "where: id, url" "good one " "$(ids --where 'id == "one" or url' docs.jsonl)"
equal "where: signals" "spam lines blank " \
	"$(ids --where 'top_4gram > 1 or dup_lines > 0' docs.jsonl)"
equal "where before profile" "good " \
	"$(ids --profile gopher --where 'chars > 100' docs.jsonl)"
quern filter --profile gopher-quality,gopher-repetition docs.jsonl >verdicts.jsonl
equal "where: a recorded verdict" "good short spam empty one numbers cjk " "$(
	ids --where 'metadata.profile.gopher-repetition.keep
	or metadata.profile.gopher-repetition.rule != "dup_lines"' verdicts.jsonl)"
golden filter-where-rejects rejects --where 'words > 5' docs.jsonl

# Profiles that rewrite, and one of the user's own.
cat >pages.jsonl <<END
{"id":"page","text":"Home | Shop\n  The mill turns.[1] It grinds rye. \nPlease enable JavaScript now.\nThe miller sings. His cat sleeps. Nobody hears it!\nRead our privacy policy here.\nFlour is sold here"}
{"id":"code","text":"The mill has a program.\nint main() { return 0; } is all of it."}
{"id":"lorem","text":"Lorem ipsum dolor is no language. {"}
END
golden filter-c4 quern filter --profile c4 pages.jsonl
golden filter-c4-rejects rejects --profile datatrove-0.10-c4 --explain pages.jsonl
golden filter-several-stats stats --profile c4,gopher-quality,datatrove-0.10 pages.jsonl docs.jsonl
cat >mine.profile <<END
# What the miller reads.
profile mine: short pages in lower case
clean c4 sentences=2 end_marks=0

  loud   upper_ratio > 0.3
  long   words >= 40
END
golden filter-mine rejects --profile mine.profile pages.jsonl docs.jsonl
golden filter-mine-kept quern filter --profile ./mine.profile --where 'chars > 100' pages.jsonl docs.jsonl
for bad in 'loud upper_ratio > 0.3' 'profile x: y
loud wordz > 1' 'profile x: y
loud words => 1' 'profile x: y
loud words > 1x' 'profile x: y
clean c5' 'profile x: y
clean c4 size=3' 'profile x: y'; do
	printf '%s\n' "$bad" >bad.profile
	exits 1 "a bad profile: ${bad##*$'\n'}" quern filter --profile bad.profile docs.jsonl
done
golden filter-bad-profile quern filter --profile bad.profile docs.jsonl
quern filter --list-profiles | sed -n '/^profile datatrove-0.10:/,/newlines/p' >copy.profile
quern filter --profile datatrove-0.10 docs.jsonl pages.jsonl >whole
quern filter --profile copy.profile docs.jsonl pages.jsonl >again
check "a printed profile is a profile" cmp whole again

golden filter-nothing quern filter docs.jsonl
golden filter-unknown quern filter --profile gofer docs.jsonl
golden filter-twice quern filter --profile gopher,gopher docs.jsonl
golden filter-unknown-name quern filter --where 'wordz > 5' docs.jsonl
golden filter-bad-expr quern filter --where 'words > 5 and' docs.jsonl
check "help" quern filter -h
exits 1 "no such file" quern filter --profile gopher none.jsonl
exits 1 "a full disk" quern filter --profile gopher docs.jsonl -o /dev/full

for _ in $(seq 400); do cat docs.jsonl; done >many.jsonl
threads "gopher" quern filter --profile gopher many.jsonl
threads "gopher's rejects" rejects --profile gopher --explain many.jsonl
threads "gopher's counts" stats --profile gopher many.jsonl
threads "rewriting" quern filter --profile c4,mine.profile --explain many.jsonl
threads "verdicts" quern filter --profile gopher,gopher-quality --explain many.jsonl

# filter(A + B) = filter(A) + filter(B)
head -n 1000 many.jsonl >a.jsonl
tail -n +1001 many.jsonl >b.jsonl
quern filter --profile gopher many.jsonl >whole
{ quern filter --profile gopher a.jsonl; quern filter --profile gopher b.jsonl; } >parts
check "the whole is its parts" cmp whole parts
quern filter --profile gopher whole >again
check "what was kept is kept" cmp whole again

printf '%s\n' '{"id":"a","text":"x"}' '{"id":"b","text":"\ud800"}' '[1]' >bad.jsonl
golden filter-damage stats --where true bad.jsonl

# One word a million times, on one line.
{ printf '{"id":"w","text":"'; yes mill | head -n 1000000 | tr '\n' ' '; printf '"}\n'; } >long.jsonl
golden filter-long stats --profile gopher long.jsonl
finish
