#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pages made to be slow: is quern extract linear in them, and in what memory?

usage: extract_worst.py [BINDIR]

Each page is made twice, the second four times as long.  Prints megabytes, CPU
seconds for 10 MB of it, how time grew for four times the size, and the peak of
memory over 64 MB in multiples of the page.  Exits 3 if one takes more than 2 s
for 10 MB, grows more than sixfold, or takes more than 8 times its size.
"""
import os, sys, tempfile

P = b"<p>The mill stands by the river, and has stood there since the monks.</p>"


def cases(k):
    n = k * 1000
    return {
        "depth": lambda: b"<div>" * (100 * n) + P,
        "text": lambda: P + b"<p>" + b"word " * (400 * n),
        "script": lambda: b"<script>" + b"x=1;" * (500 * n) + b"</script>" + P,
        "attributes": lambda: b"<p " + b" ".join(
            b"a%d=1" % i for i in range(25 * n)) + b">" + P,
        "br": lambda: P + b"<br>" * (125 * n),
        "li": lambda: P + b"<ul>" + b"<li>x" * (63 * n),
        "unclosed script": lambda: P + b"<script>" + b"a<b " * (100 * n) + P,
        "unclosed comment": lambda: P + b"<!--" + b"a -- b <p> " * (100 * n),
        "comments": lambda: P + b"<!--" * (100 * n),
        "<": lambda: P + b"<" * (500 * n),
        "&": lambda: P + b"&" * (500 * n),
        "entities": lambda: P + b"&amp;" * (200 * n),
        "colspan": lambda: b"<table>" +
            b"<tr><td colspan=9007199254740991>x" * (20 * n) + P,
        "tables": lambda: b"<table><tr><td>" * (50 * n) + P,
        "quotes": lambda: P + b'<a href="' * (50 * n),
        "classes": lambda: b"".join(
            b'<p class="c%d a-b">x' % i for i in range(30 * n)),
        "links": lambda: b"<a href=x>y</a> " * (50 * n) + P,
        "NUL": lambda: P + b"\0" * (1000 * n),
        "<script/>": lambda: b"<script/>" * (50 * n) + P,
        "<body>": lambda: b"<body>" * (100 * n) + P,
        "JSON-LD": lambda: b"<script type=application/ld+json>" +
            b"[" * (500 * n) + b"</script>" + P,
        "stray ends": lambda: b"<x>" * 500 + b"</y>" * (100 * n) + P,
        "items": lambda: b"<li><ul>" + b"<i>" * 500 + b"<li></li>" * (50 * n),
        "ghosts": lambda: b"<div>" * 500 + b"<b><p></b></p>" * (30 * n) + P,
        "formulas": lambda: b"<math><annotation encoding=tex>" * (20 * n) + P,
        "<pre>": lambda: b"<pre>" + b"x\n" * (250 * n),
        "invalid UTF-8": lambda: P + b"\xff\xfe\x80" * (300 * n),
        "GBK as gb2312": lambda: b"<meta charset=gb2312><p>" +
            b"\xe9\x46\xc4\xa5" * (100 * n),
        "UTF-16": lambda: b"\xff\xfe" + (P * (3 * n)).decode().encode(
            "utf-16-le"),
    }


def make(path, page):
    if os.fork() == 0:  # so that this process, and what it starts, is small
        with open(path, "wb") as f:
            f.write(page())
        os._exit(0)
    os.wait()
    return os.path.getsize(path)


def run(program, path):
    pid = os.posix_spawn(program, [program, "-q", "--threads", "1", "--from",
                                   "html", "-o", "/dev/null", path], os.environ)
    _, status, use = os.wait4(pid, 0)
    if status:
        sys.exit(f"{program} failed on {path}")
    return use.ru_utime + use.ru_stime, use.ru_maxrss * 1024


def main():
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        top, "build/bin")
    program, bad = os.path.join(folder, "quern-extract"), False
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "page.html")
        big = cases(8)
        for name, page in cases(2).items():
            n = make(path, page)
            before, _ = run(program, path)
            m = make(path, big[name])
            seconds, memory = run(program, path)
            rate, growth = seconds / m * 1e7, seconds / max(before, 0.01)
            times = max(0, memory - (64 << 20)) / m
            wrong = rate > 2 or growth > 6 or times > 8
            bad |= wrong
            print(f"{name:18} {m / 1e6:6.1f} MB {rate:6.2f} s/10MB  "
                  f"{growth:4.1f}x for {m / n:.1f}x  {memory >> 20:5} MB "
                  f"({times:.1f}x){' BAD' if wrong else ''}", flush=True)
    sys.exit(3 if bad else 0)


if __name__ == "__main__":
    main()
