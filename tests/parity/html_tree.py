#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quern's HTML reader against lexbor's (of resiliparse) on real pages.

usage: html_tree.py EXTRACT_TREE PAGE...       (EXTRACT_TREE: build/bench/extract_tree)

Both give the block elements in document order, each with the tag it stands in,
and the text outside of what is passed over (scripts, options, hidden inline
elements ...).  Text is compared without white space.  Not compared, since
quern doesn't build them on purpose: <tbody> and its kind, which the Standard
adds, <p> without text, which it makes of "</p>", and pages with formulas.  Pages
that aren't UTF-8 are left out.

Prints pages that differ, then how many do.  Needs resiliparse.
"""
import collections, difflib, re, subprocess, sys

from resiliparse.parse.html import HTMLTree, NodeType

BLOCK = set("""address article aside blockquote body caption center dd details
dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
head header hgroup hr html legend li listing main menu nav noframes noscript ol
p plaintext pre section summary table td th tr ul xmp""".split())
GROUPS = {"tbody", "thead", "tfoot"}
PASSED = set("""applet audio canvas datalist object optgroup option rp select
template textarea video iframe noembed script style svg title""".split())
HIDING = re.compile("screen-reader|visually-?hidden", re.I)
C1 = {n: bytes([n]).decode("cp1252", "ignore") for n in range(0x80, 0xa0)}


def hidden(node):
    get = node.getattr
    style = re.sub(r"\s", "", get("style") or "").lower()
    return (node.hasattr("hidden") or
            (get("aria-hidden") or "").lower() == "true" or
            "display:none" in style or "visibility:hidden" in style or
            any(HIDING.search(get(a) or "") for a in ("class", "id", "role")))


def squeeze(text):
    return re.sub(r"[\x00-\x20\xa0]+", "", text.translate(C1))


def fill(full, ups, n):
    """Element n and all around it hold text."""
    while n >= 0 and n not in full:
        full.add(n)
        n = ups[n]


def keep(tags, full):
    return [(parent, tag) for n, parent, tag in tags if tag != "p" or n in full]


def theirs(text):
    tags, words, ups, full = [], [], [-1], set()
    stack = [(HTMLTree.parse(text).document, "root", 0)]
    while stack:
        node, parent, up = stack.pop()
        if node.type == NodeType.TEXT:
            words.append(node.value or "")
            if squeeze(words[-1]):
                fill(full, ups, up)
            continue
        tag = node.tag if node.type == NodeType.ELEMENT else ""
        if tag in PASSED or (tag and tag not in BLOCK and tag not in GROUPS and
                             hidden(node)):
            continue
        if tag == "math":
            return None
        if tag in BLOCK:
            tags.append((len(ups), parent, tag))
            parent = tag
            ups.append(up)
            up = len(ups) - 1
        stack += [(c, parent, up) for c in reversed(node.child_nodes)
                  if c.type in (NodeType.TEXT, NodeType.ELEMENT)]
    return keep(tags, full), squeeze("".join(words))


def ours(program, paths):
    out = subprocess.run([program] + paths, check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    pages = {}
    tags, words, names, ups, full = [], [], [], [], set()
    for line in out.split("\n"):
        what, _, rest = line.partition(" ")
        if what == "page":
            tags, words, names, ups, full = [], [], [], [], set()
            pages[rest] = (tags, words, full)
        elif what == "open":
            tag, _, parent = rest.partition(" ")
            up = int(parent)
            if up >= 0 and tag not in GROUPS:
                tags.append((len(ups), names[up], tag))
            names.append(names[up] if tag in GROUPS else tag)
            ups.append(up)
        elif what == "text":
            number, _, text = rest.partition(" ")
            words.append(text)
            fill(full, ups, int(number))
    return {k: (keep(t, full), squeeze("".join(w)))
            for k, (t, w, full) in pages.items()}


def first_change(a, b, width):
    n = min(len(a), len(b))
    i = next((i for i in range(n) if a[i] != b[i]), n)
    return i, a[max(0, i - 3):i + width], b[max(0, i - 3):i + width]


def main():
    program, paths = sys.argv[1], sys.argv[2:]
    n = same_tags = same_text = all_tags = 0
    missing, extra = collections.Counter(), collections.Counter()
    for at in range(0, len(paths), 100):
        pages = ours(program, paths[at:at + 100])
        for path, (tags, words) in pages.items():
            try:
                text = open(path, "rb").read().decode("utf-8-sig")
            except UnicodeDecodeError:
                continue
            want = theirs(text.replace("\0", ""))
            if want is None:
                continue
            n += 1
            all_tags += len(want[0])
            same_tags += tags == want[0]
            same_text += words == want[1]
            if tags != want[0]:
                a, b = collections.Counter(want[0]), collections.Counter(tags)
                missing += a - b
                extra += b - a
                i, x, y = first_change(want[0], tags, 2)
                print(f"{path}: element {i}: lexbor {x}, quern {y}")
            if words != want[1]:
                i, x, y = first_change(want[1], words, 40)
                print(f"{path}: text {i}: lexbor {x!r}, quern {y!r}")
    print(f"{n} pages: {same_tags} with the same elements, {same_text} with "
          f"the same text; of {all_tags} elements {missing.total()} only "
          f"lexbor's, {extra.total()} only quern's")
    print("only lexbor's:", missing.most_common(8))
    print("only quern's:", extra.most_common(8))


if __name__ == "__main__":
    main()
