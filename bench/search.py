"""Queries for fuzzy search, and RapidFuzz over the same names.

    search.py queries PRODUCTS.csv[.gz] PRODUCTS.tsv QUERIES.tsv [COUNT]   makes both files for bench_search
    search.py rapidfuzz PRODUCTS.tsv QUERIES.tsv COUNT SCORER              tells what RapidFuzz finds of COUNT of a kind

An edit is a letter left out, added, replaced, or exchanged with its neighbour, anywhere in a name as people wrote it.
Names count as the same when they differ in case, accents and punctuation only.
"""
import collections
import csv
import gzip
import random
import sys
import time
import unicodedata


def plain(name):
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c) and c not in "'\u2019")
    return " ".join("".join(kept).split())


def edited(rand, text):
    kind, at = rand.randrange(4), rand.randrange(len(text))
    letter = rand.choice("abcdefghijklmnopqrstuvwxyz")
    if kind == 0:
        return text[:at] + letter + text[at:]
    if kind == 1 and len(text) > 1:
        return text[:at] + text[at + 1:]
    if kind == 2 or len(text) < 2:
        return text[:at] + letter + text[at + 1:]
    at = rand.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def swapped(rand, text):
    words = text.split()
    at = rand.randrange(len(words) - 1)
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def make_queries(names, count):
    rand = random.Random(20261128)
    names = sorted(names)
    long_enough = [n for n in names if len(plain(n)) >= 6]
    of_words = [n for n in long_enough if len(n.split()) >= 2]
    begins = collections.Counter()
    for key in {plain(n) for n in names}:
        begins.update(key[:i] for i in range(1, len(key) + 1))
    for name in rand.sample(long_enough, count):
        yield "one edit", edited(rand, name), name
    for name in rand.sample(long_enough, count):
        yield "two edits", edited(rand, edited(rand, name)), name
    for name in rand.sample(of_words, count):
        yield "swapped words and one edit", edited(rand, swapped(rand, name)), name
    made = 0
    for name in rand.sample(long_enough, len(long_enough)):
        ends = [i for i in range(3, len(name)) if name[i - 1].isalnum() and begins[plain(name[:i])] <= 5]
        if ends and made < count:
            made += 1
            yield "begun, at most five names", name[:rand.choice(ends)], name


def queries(products, table, out, count=1000):
    opener = gzip.open if products.endswith(".gz") else open
    with opener(products, "rt", encoding="utf-8", newline="") as source, open(table, "w", encoding="utf-8") as rows:
        names = set()
        for row in csv.DictReader(source):
            name = " ".join(row["item_name"].split())
            names.add(name)
            rows.write(f"{row['barcode']}\t{name}\n")
    with open(out, "w", encoding="utf-8") as file:
        for kind, query, name in make_queries(names, int(count)):
            file.write(f"{kind}\t{' '.join(query.split())}\t{name}\n")


def rapidfuzz(table, asked, count, scorer):
    from rapidfuzz import fuzz, process, utils

    with open(table, encoding="utf-8") as rows:
        names = sorted({line.rstrip("\n").split("\t")[1] for line in rows})
    choices = [utils.default_process(name) for name in names]
    figures = collections.defaultdict(lambda: [0, 0, 0.0])
    with open(asked, encoding="utf-8") as lines:
        for line in lines:
            kind, query, name = line.rstrip("\n").split("\t")
            figure = figures[kind]
            if figure[0] == int(count):
                continue
            started = time.thread_time()
            hits = process.extract(utils.default_process(query), choices, scorer=getattr(fuzz, scorer), limit=5)
            figure[2] += time.thread_time() - started
            figure[0] += 1
            figure[1] += any(plain(names[hit[2]]) == plain(name) for hit in hits)
    for kind, (asked_of, found, seconds) in figures.items():
        print(f"{kind}\t{asked_of}\t{100 * found / asked_of:.2f}\t{1e6 * seconds / asked_of:.0f}")


{"queries": queries, "rapidfuzz": rapidfuzz}[sys.argv[1]](*sys.argv[2:])
