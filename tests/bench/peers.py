#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What peers.sh runs; usage there."""
import gzip, io, os, resource, statistics, subprocess, sys, tempfile, time

import justext
import readability
import trafilatura
from fastwarc.warc import ArchiveIterator
from importlib.metadata import version
from lxml import html as lxml_html
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

RUNS = 3  # of what is fast; medians


def by_trafilatura(raw):
    return trafilatura.extract(raw, include_comments=False) or ""


def by_resiliparse(raw):
    text = bytes_to_str(raw, detect_encoding(raw))
    return extract_plain_text(HTMLTree.parse(text), main_content=True)


def by_readability(raw):
    text = bytes_to_str(raw, detect_encoding(raw))
    return lxml_html.fromstring(
        readability.Document(text).summary()).text_content()


def by_justext(raw):
    return "\n".join(p.text for p in justext.justext(
        raw, justext.get_stoplist("English")) if not p.is_boilerplate)


def peer(name, extract, pages):
    out, slowest, failed = {}, 0.0, 0
    start = time.process_time()
    for key, raw in pages:
        t = time.process_time()
        try:
            out[key] = extract(raw)
        except Exception:
            failed += 1
        slowest = max(slowest, time.process_time() - t)
    return time.process_time() - start, out, slowest, failed


def child(args, stdout):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(args, check=True, stdout=stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime -
            before.ru_stime)


def quern(program, paths, scorer, folder):
    seconds, name = [], os.path.join(folder, "out.jsonl")
    for _ in range(RUNS):
        seconds.append(child([program, "-q", "--threads", "1", "-o", name,
                              "--from", "html"] + paths, None))
    return (statistics.median(seconds),
            {scorer.stem(d["id"]): d["text"] for d in scorer.load(name)})


def row(name, seconds, out, pages, gold, scorer, note=""):
    size = sum(len(raw) for _, raw in pages)
    score = scorer.bag(gold, out)["all"]
    print(f"| {name} | {1e3 * seconds / len(pages):.2f} | "
          f"{size / 1e6 / seconds:.1f} | {score:.4f} | {note} |", flush=True)


def member(uri, body):
    http = (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body
    head = (b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:%s>\r\n"
            b"WARC-Target-URI: http://x.example/%s\r\n"
            b"WARC-Date: 2026-01-02T03:04:05Z\r\n"
            b"Content-Type: application/http; msgtype=response\r\n"
            b"Content-Length: %d\r\n\r\n" % (uri, uri, len(http)))
    return gzip.compress(head + http + b"\r\n\r\n", 6, mtime=0)


def read_archive(path):
    n = size = 0
    start = time.process_time()
    with open(path, "rb") as f:
        for record in ArchiveIterator(f, parse_http=False):
            n += 1
            size += len(record.reader.read())
    return time.process_time() - start, n, size


def archives(program, pages, folder):
    path = os.path.join(folder, "pages.warc.gz")
    with open(path, "wb") as f:
        for key, raw in pages:
            f.write(member(key.encode(), raw))
    theirs = [read_archive(path) for _ in range(RUNS)]
    ours, n = [], 0
    for _ in range(RUNS):
        name = os.path.join(folder, "ls")
        with open(name, "wb") as f:
            ours.append(child([program, "ls", path], f))
        with open(name, "rb") as f:
            n = sum(1 for _ in f)
    a, b = statistics.median(t[0] for t in theirs), statistics.median(ours)
    print("\n| reading .warc.gz | records | CPU s | records/s |")
    print("|---|---|---|---|")
    print(f"| FastWARC {version('fastwarc')} | {theirs[0][1]} | {a:.3f} | "
          f"{theirs[0][1] / a:.0f} |")
    print(f"| quern warc ls | {n} | {b:.3f} | {n / b:.0f} |")
    print(f"\nquern {a / b:.2f}x FastWARC")


def main():
    programs, folder, gold_path, scorer_path, every = sys.argv[1:]
    sys.path.insert(0, scorer_path)
    import score_extract as scorer
    paths = sorted(os.path.join(folder, f) for f in os.listdir(folder)
                   if f.endswith(".html"))[::int(every)]
    pages = [(scorer.stem(p), open(p, "rb").read()) for p in paths]
    keys = {k for k, _ in pages}
    gold = [g for g in scorer.load(gold_path) if g["id"] in keys]
    print(f"{len(pages)} pages, {sum(len(r) for _, r in pages) / 1e6:.1f} MB\n")
    print("| | ms a page | MB/s | F1 | |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as tmp:
        seconds, out = quern(os.path.join(programs, "quern-extract"), paths,
                             scorer, tmp)
        row("quern", seconds, out, pages, gold, scorer)
        mine = seconds
        for name, package, extract in (
                ("resiliparse", "resiliparse", by_resiliparse),
                ("jusText", "justext", by_justext),
                ("readability-lxml", "readability-lxml", by_readability),
                ("trafilatura", "trafilatura", by_trafilatura)):
            seconds, out, slowest, failed = peer(name, extract, pages)
            row(f"{name} {version(package)}", seconds, out, pages, gold,
                scorer, f"quern {seconds / mine:.1f}x as fast; slowest page "
                f"{slowest:.2f} s; {failed} failed")
        archives(os.path.join(programs, "quern-warc"), pages, tmp)


if __name__ == "__main__":
    main()
