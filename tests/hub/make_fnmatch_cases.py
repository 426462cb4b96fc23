#!/usr/bin/env python3
"""Writes fnmatch_cases.inc: what CPython's own fnmatch says of a few thousand random patterns.

Run: python3 tests/hub/make_fnmatch_cases.py > tests/hub/fnmatch_cases.inc
Each line is JSON, one verdict (1 or 0) a text:
  [pattern, "verdicts"]           the texts are the single characters of ALPHABET
  [pattern, "verdicts", text...]
"""
import fnmatch
import json
import random
import sys
import warnings

warnings.simplefilter("ignore")  # "possible nested set" of re
SEED = 20261001
SETS = 2500
PATTERNS = 2500
ALPHABET = "abcyz-!^]&~|\\[é你"
LITERALS = "ab-]^!&~|\\.[z"
PIECES = ["*", "**", "?", "[", "]", "-", "!", "^", "[!", "[]", "[!]", "[^", "[a-c]", "[c-a]", "[!c-a]", "[b-a^-z]",
          "[b-a!]", "[b-a!-z]", "[--a]", "[a-]", "[!-a]", "[&&]", "[~~]", "[||]", "[\\]", "[]-a]", "[!]-a]", "[[]",
          "[a-c-e]", "[z-a-c]", "[é-ü]", "é", "你", "[你-好]", "𝄞", "\n", "/", ".", "$", "(", "+", "{a,b}"]


def random_set(rng):
    body = "".join(rng.choice("abcz--!^]&~|\\[é") for _ in range(rng.randint(0, 7)))
    return "[" + rng.choice(["", "", "!", "^"]) + body + rng.choice(["]", "]", "]", "]", ""])


def random_piece(rng):
    return rng.choice([rng.choice(PIECES), rng.choice(PIECES), random_set(rng), rng.choice(LITERALS)])


def text_for(rng, piece):
    """What this piece alone matches, most of the time, so that matches of the whole are not rare."""
    if piece.startswith("*"):
        return "".join(rng.choice(ALPHABET) for _ in range(rng.randint(0, 3)))
    if rng.random() < 0.9:
        fits = [c for c in ALPHABET if fnmatch.fnmatchcase(c, piece)]
        return rng.choice(fits) if fits else piece
    return rng.choice(ALPHABET)


def write(pattern, texts, named):
    verdicts = "".join(str(int(fnmatch.fnmatchcase(t, pattern))) for t in texts)
    row = [pattern, verdicts] + (list(texts) if named else [])
    print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))


def main():
    rng = random.Random(SEED)
    seen = set()
    print('R"cases(')
    while len(seen) < SETS:
        pattern = random_set(rng)
        if pattern not in seen:
            seen.add(pattern)
            write(pattern, ALPHABET, named=False)
    while len(seen) < SETS + PATTERNS:
        pieces = [random_piece(rng) for _ in range(rng.randint(1, 5))]
        pattern = "".join(pieces)
        if pattern in seen:
            continue
        seen.add(pattern)
        texts = ["".join(text_for(rng, p) for p in pieces) for _ in range(4)]
        write(pattern, list(dict.fromkeys(texts)), named=True)
    print(')cases"')


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    main()
