#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lang-model.sh DATA OUT.qlm [FOLD]
#
# Trains the language model that is built in.  DATA holds
#
#	lingua_testdata.jsonl.zst	sentences, word pairs and words of newspapers
#					in 75 languages, {"lang","text","fold"}
#	udhr.jsonl.zst			the Universal Declaration of Human Rights
#
# With FOLD, that fold of the sentences is left out, so that the model's
# accuracy can be measured on it (tests/parity/lang.sh).
set -eu
[ $# -ge 2 ] || { sed -n '4s/^# /usage: /p' "$0" >&2; exit 2; }
data=$1 out=$2 fold=${3:--1}

# Languages of the Declaration: those of the sentences, and those that share a
# script with one of them.  A language alone in its script needs no text.
udhr='afr arb azj bel bul bos cat ces cym dan deu eng epo spa est eus pes fin fra
gle heb hin hrv hun ind isl ita jpn kaz lat lug lit lav mri mkd khk mar mly nob
nld nno pol por ron rus slk slv sna som als srp sot swe swh tgl tsn tur tso ukr
urd vie xho yor cmn zul
uzn glg mlt ltz gla bre hau ibo kin plt jav ceb hat sun fao
kir tgk tat uig nep san ydd amh tir bod dzo'

{
	zstd -dcq "$data/lingua_testdata.jsonl.zst" |
		jq -c --argjson fold "$fold" 'select(.fold != $fold) |
			{text, metadata: {language:
				(if .lang == "nb" then "no" else .lang end)}}'
	# mly is an old code of Malay.  Some languages have texts in a script that
	# is rare for them on the web, and often for another one: left out.
	zstd -dcq "$data/udhr.jsonl.zst" |
		jq -c --arg only "$udhr" '($only | split("[ \n]+"; null)) as $list |
			select(.lang | IN($list[])) |
			select(.id | IN("srp_latn", "bos_cyrl", "mly_arab",
				"azj_cyrl", "khk_mong", "uig_latn") | not) |
			({mly: "ms", nob: "no"}[.lang] // .lang) as $code |
			.text | split("\n")[] | select(length > 10) |
			{text: ., metadata: {language: $code}}'
} | quern classify train --kind language --label language -o "$out"
