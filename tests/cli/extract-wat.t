#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quern extract: records of a WAT as documents.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1
bin=${QUERN_BIN:-$top/build/bin}
extract() { "$bin/quern-extract" -q "$@"; }

# record NAME JSON: a metadata record
record() {
	printf 'WARC/1.0\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:test:%s>\r\n' "$1"
	printf 'WARC-Target-URI: http://mill.example/%s\r\n' "$1"
	printf 'WARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/json\r\n'
	printf 'Content-Length: %s\r\n\r\n%s\r\n\r\n' "$(printf %s "$2" | wc -c)" "$2"
}
# noted TYPE STATUS HTML: what a WAT says of a record
noted() {
	printf '{"Container":{"Filename":"crawl.warc.gz","Offset":"4711"},"Envelope":{'
	printf '"WARC-Header-Metadata":{"WARC-Type":"%s"},"Payload-Metadata":{' "$1"
	printf '"HTTP-Response-Metadata":{"Response-Message":{"Status":"%s"},' "$2"
	printf '"Headers":{"content-Type":"text/html"}%s}}}}' "$3"
}
html=',"HTML-Metadata":{"Head":{"Title":" The \n mill","Metas":[
{"http-equiv":"Content-Language","content":"en"},
{"property":"og:description","content":"How it turns."}],
"Link":[{"url":"http://mill.example/c","rel":"canonical"}]},
"Links":[{"path":"A@/href","url":"/a","text":"Grind"},
{"path":"IMG@/src","url":"/i.png","text":"no link"},
{"path":"A@/href","url":"/b"},{"path":"A@/href","url":"/c","title":"Wheel"}]}'
{
	record page "$(noted response 200 "$html")"
	record asked "$(noted request 200 "$html")"
	record gone "$(noted response 404 "$html")"
	record image "$(noted response 200 '')"
	record bare "$(noted response 200 ',"HTML-Metadata":{}')"
	record broken '{"Envelope":{'
	record deep "{\"Envelope\":$(printf '[%.0s' $(seq 3000))"
	record other '{"crawler":1}'
} >noted.wat

golden extract-wat extract noted.wat
threads "a WAT" extract noted.wat
extract --rejects rejects.jsonl --stats stats.json -o out.jsonl noted.wat
equal "why others are none" \
	"not_a_response http_status content_type empty not_json not_json not_a_response" \
	"$(jq -r .metadata.reject.rule rejects.jsonl | xargs)"
equal "counts add up" "8 1 7" \
	"$(jq -r '.records | "\(.in) \(.kept) \(.in - .kept)"' stats.json)"
equal "links with their addresses" "- [Grind](/a) - [Wheel](/c)" \
	"$(extract --format markdown --links noted.wat | jq -r .text | grep '^-' | xargs)"
gzip -c noted.wat >noted.warc.wat.gz
equal "compressed" "$(extract noted.wat | jq .text)" \
	"$(extract noted.warc.wat.gz | jq .text)"
equal "as WET they are nothing" 0 "$(extract --from wet noted.wat | wc -l)"
finish
