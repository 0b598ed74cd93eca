#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pii.py DOCS.jsonl...: quern pii --profile fineweb against datatrove.

Each document goes through a PIIFormatter of its own, since datatrove's turns
through its replacements from one document to the next.  Prints how many texts
differ, and the first of them; exit 1 if any does.

Needs: pip install datatrove, quern in the PATH.
"""
import json
import subprocess
import sys

from datatrove.pipeline.formatters import PIIFormatter


def main():
    formatter = PIIFormatter()
    quern = subprocess.Popen(["quern", "pii", "-q", "--profile", "fineweb", *sys.argv[1:]],
                             stdout=subprocess.PIPE, text=True, encoding="utf-8")
    docs = changed = different = 0
    for path in sys.argv[1:]:
        for line in open(path, encoding="utf-8", newline="\n"):
            text = json.loads(line)["text"]
            got = json.loads(quern.stdout.readline())["text"]
            formatter.emails_replacer._replace_i = formatter.ip_replacer._replace_i = 0
            want = formatter.format(text)
            docs += 1
            changed += want != text
            if got != want:
                different += 1
                if different == 1:
                    print("first difference:", path, docs, repr(text)[:300], repr(want)[:300], repr(got)[:300])
    print(f"{docs} documents, {changed} changed, {different} differ")
    sys.exit(different > 0 or quern.wait() != 0)


main()
