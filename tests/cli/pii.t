#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pii: what is found, and what becomes of it.
# shellcheck disable=SC2317 # functions are handed to golden and threads
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

spans() { # spans OPTIONS...: what was found where
	quern pii --spans spans.jsonl -o out.jsonl "$@" && cat spans.jsonl
}

rejects() { # rejects OPTIONS...: what is dropped, and why
	quern pii --rejects rejects.jsonl -o kept.jsonl "$@" && cat rejects.jsonl
}

stats() { # stats OPTIONS...: the counts
	quern pii --stats stats.json -o kept.jsonl "$@" && cat stats.json
}

cat >docs.jsonl <<'END'
{"id":"mail","text":"Write to 'anna.miller@mill.example.org' or (bob+flour@x.co.uk); anna.miller@mill.example.org is best.","metadata":{"url":"https://mill.example/"}}
{"id":"v4","text":"8.8.8.8, 192.168.1.1, 1.2.3.4.5, v1.2.3.4, http://8.8.4.4:80/ and 9.9.9.9."}
{"id":"v6","text":"2a00:1450:4001:81b::200e fe80::1 std::vector [2606:4700:4700::1111]:443 12:30:45"}
{"id":"wide","text":"Mühle\u2028jörg@müller.example, 邮箱x@y.example谢谢 é8.8.8.8"}
{"id":"none","text":"icon@2x.png, a@b, @home, 1.2.3 and \"quotes\""}
{"id":"empty","text":""}
{"text":"me@mill.example"}
END
golden pii-mask quern pii docs.jsonl
golden pii-tag quern pii --action tag docs.jsonl
golden pii-pseudonym quern pii --action pseudonym --seed 1 docs.jsonl
golden pii-drop quern pii --action drop docs.jsonl
golden pii-drop-rejects rejects --action drop docs.jsonl
golden pii-drop-stats stats --action drop docs.jsonl
golden pii-email quern pii --types email docs.jsonl
golden pii-spans spans docs.jsonl
golden pii-spans-drop spans --action drop --types ip,email docs.jsonl
golden pii-unknown quern pii --types email,name docs.jsonl
golden pii-bad-action quern pii --action hide docs.jsonl
cat >more.jsonl <<'END'
{"id":"many","text":"+49 30 901820, (212) 555-0100, a@b.example 8.8.8.8 9.9.9.9 c@d.example"}
{"id":"all","text":"card 4111 1111 1111 1111, GB82 WEST 1234 5698 7654 32, SSN 212-09-9999, 00:1B:44:11:3A:B7, GPS 48.8583, -2.2945; postgres://miller:gr1nd@db.example/x CPF 111.444.777-35"}
{"id":"datatrove","text":"8.8.8.8888 10.0.0.1 a@b.c 9.9.9.9 é8.8.4.4 x@[1.2.3.4]"}
END
golden pii-more quern pii more.jsonl
golden pii-more-spans spans more.jsonl
golden pii-fineweb quern pii --profile fineweb more.jsonl
golden pii-dolma rejects --profile dolma more.jsonl
golden pii-drop-above rejects --drop-above 1 --action tag more.jsonl
golden pii-profile-types quern pii --profile dolma --types ip more.jsonl
head -c 32 /dev/zero >key
golden pii-key quern pii --action pseudonym --key key more.jsonl
echo short >key
golden pii-short-key quern pii --action pseudonym --key key more.jsonl
exits 2 "a key for nothing" quern pii --key key more.jsonl
check "help" quern pii -h

# Spans are bytes of the input's text, before anything is replaced.
spans docs.jsonl >/dev/null
equal "the bytes of the spans" "x@y.example" "$(
	at=$(sed -n 's/^{"id":"wide".*},{"type":"email","start":\([0-9]*\).*/\1/p' spans.jsonl)
	printf 'Mühle\xe2\x80\xa8jörg@müller.example, 邮箱x@y.example谢谢' |
		tail -c +$((at + 1)) | head -c 11)"

for i in $(seq 500); do sed "s/\"id\":\"/&$i-/" docs.jsonl; done >many.jsonl
for action in tag mask pseudonym drop; do
	threads "$action" quern pii --action $action many.jsonl
done
threads "spans" spans many.jsonl
threads "rejects" rejects --action drop many.jsonl
threads "counts" stats many.jsonl

# Pseudonyms do not depend on the order of documents.
quern pii --action pseudonym many.jsonl | grep '"id":"[0-9]' | sort >want
tac many.jsonl | quern pii --action pseudonym | grep '"id":"[0-9]' | sort >got
check "pseudonyms in any order" cmp want got
quern pii --action pseudonym --seed 7 many.jsonl | grep '"id":"[0-9]' | sort >got
check "another seed, other pseudonyms" bash -c '! cmp -s want got'
quern pii many.jsonl >masked.jsonl
quern pii masked.jsonl | sed 's/,*"metadata":.*//' >want
sed 's/,*"metadata":.*//' masked.jsonl >got
check "masked twice is masked once" cmp want got

printf '%s\n' '{"id":"a","text":"x@y.org"}' 'x@y.org' '{"id":"c","text":"z"}' >bad.jsonl
golden pii-damage stats bad.jsonl
golden pii-damage-spans spans bad.jsonl
exits 1 "--strict stops at damage" quern pii --strict bad.jsonl --spans s.jsonl -o o.jsonl
check "and leaves no files" test ! -e s.jsonl -a ! -e o.jsonl
exits 1 "a full disk for the spans" quern pii docs.jsonl --spans /dev/full -o o.jsonl
check "and no output" test ! -e o.jsonl
exits 1 "no such folder" quern pii docs.jsonl --spans none/s.jsonl -o o.jsonl

# Synthetic sentences with personal data in them.
needs "$shared/data/pii/presidio_synth_v2.jsonl.zst"
needs "$shared/eval/score_pii.py"
for set in presidio_synth_v2 presidio_generated_large; do
	zstd -dcq "$shared/data/pii/$set.jsonl.zst" >gold.jsonl
	jq -c '.full_text' gold.jsonl | jq -c --slurp \
		'to_entries[] | {id: (.key | tostring), text: .value}' >texts.jsonl
	spans texts.jsonl >found.jsonl
	score=$(python3 "$shared/eval/score_pii.py" gold.jsonl found.jsonl)
	echo "# $set: $score"
	check "$set: nothing false" grep -q '^P=1.0000' <<<"$score"
	check "$set: every e-mail address" \
		grep -q 'EMAIL_ADDRESS=\([0-9]*\)/\1 ' <<<"$score"
	check "$set: F1 of .92 and more" grep -qE 'F1=(0\.9[2-9]|1)' <<<"$score"
done
finish
