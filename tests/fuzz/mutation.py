"""Mutations that know where words, strings and brackets are, in JSON and in what resembles it.

Inputs are cut into tokens, not parsed, so that what is already broken is mutated as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.schemas.strategies import ODDITIES

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|.', re.DOTALL)
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")
_SHORT_ODDITIES = tuple(odd.encode() for odd in ODDITIES if len(odd) <= 600)

Tokens = list[bytes]


class Mutator:
    """Makes inputs that are nearly those it is given.

    Parameters
    ----------
    seeds
        Inputs whose parts may be put into others.
    words
        Tokens that mean something to the reader, beside odd JSON values.
    """

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> None:
        self._seeds = [tokens for seed in seeds if (tokens := _TOKEN.findall(seed))]
        self._words = [*_SHORT_ODDITIES, *words * (1 + len(_SHORT_ODDITIES) // (len(words) + 1))]
        self._ways: tuple[Callable[[Tokens, Random], Tokens], ...] = (
            self._exchange, self._exchange, self._insert, self._graft, self._graft,
            _remove, _repeat, _swap, _wrap, _scratch,
        )  # fmt: skip

    def mutated(self, raw: bytes, longest: int, rng: Random) -> bytes:
        """Return a neighbour of an input, of at most ``longest`` bytes."""
        tokens = _TOKEN.findall(raw) or list(rng.choice(self._seeds))
        for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
            tokens = rng.choice(self._ways)(tokens, rng) or [b" "]
        return b"".join(tokens)[:longest]

    def _exchange(self, tokens: Tokens, rng: Random) -> Tokens:
        start, end = _span(tokens, rng)
        return [*tokens[:start], rng.choice(self._words), *tokens[end:]]

    def _insert(self, tokens: Tokens, rng: Random) -> Tokens:
        at = rng.randrange(len(tokens) + 1)
        return [*tokens[:at], rng.choice(self._words), *tokens[at:]]

    def _graft(self, tokens: Tokens, rng: Random) -> Tokens:
        other = rng.choice(self._seeds)
        start, end = _span(tokens, rng)
        first, last = _span(other, rng)
        return [*tokens[:start], *other[first:last], *tokens[end:]]


def _span(tokens: Tokens, rng: Random) -> tuple[int, int]:
    """Choose a token or, if it opens a bracket, all up to the one that closes it."""
    start = rng.randrange(len(tokens))
    open_ = 0
    if tokens[start] in _OPENING:
        for end in range(start, len(tokens)):
            open_ += (tokens[end] in _OPENING) - (tokens[end] in _CLOSING)
            if not open_:
                return start, end + 1
    return start, start + 1


def _remove(tokens: Tokens, rng: Random) -> Tokens:
    start, end = _span(tokens, rng)
    return tokens[:start] + tokens[end:]


def _repeat(tokens: Tokens, rng: Random) -> Tokens:
    start, end = _span(tokens, rng)
    end = min(len(tokens), end + rng.choice((0, 1, 3)))
    times = rng.choice((1, 1, 2, 30, 300))
    return tokens[:end] + tokens[start:end] * times + tokens[end:]


def _swap(tokens: Tokens, rng: Random) -> Tokens:
    one, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    tokens = tokens.copy()
    tokens[one], tokens[other] = tokens[other], tokens[one]
    return tokens


def _wrap(tokens: Tokens, rng: Random) -> Tokens:
    start, end = _span(tokens, rng)
    deep = rng.choice((1, 1, 30, 300))
    before, after = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'"', b'"')))
    return [*tokens[:start], before * deep, *tokens[start:end], after * deep, *tokens[end:]]


def _scratch(tokens: Tokens, rng: Random) -> Tokens:
    """Change, put in or take out bytes of one token."""
    at = rng.randrange(len(tokens))
    token = bytearray(tokens[at])
    place = rng.randrange(len(token) + 1)
    token[place : place + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return [*tokens[:at], bytes(token), *tokens[at + 1 :]]
