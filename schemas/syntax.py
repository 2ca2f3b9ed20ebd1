"""JSON before any contract: one grammar, whichever decoder reads on.

Strict RFC 8259 in UTF-8, nested at most :data:`MAX_DEPTH` deep. NaN, Infinity, lone surrogates, a
byte order mark and anything after the document are refused. A key may be repeated: the last value
counts, but every one of them must hold the contract.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from schemas.errors import MalformedError

MAX_DEPTH = 32
"""Deepest nesting of an event. Contracts need three; the rest is room for unnamed fields."""

_ALL_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_LONGEST_INTEGER = 400
"""Digits. Anything longer is beyond every float, and Python refuses to read very long ones."""

_grammar = msgspec.json.Decoder(msgspec.Raw)


def check_encoding(raw: bytes) -> None:
    """Refuse bytes that are not UTF-8.

    Raises
    ------
    MalformedError
        If they are not.
    """
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("", f"is not UTF-8 at byte {error.start}", "json") from None


def check_depth(raw: bytes, depth: int = MAX_DEPTH) -> None:
    """Refuse arrays and objects nested more than ``depth`` deep, without recursing into them.

    Strings are taken out first, then pairs of brackets from the inside, one level a round. What is
    left without a partner is for the grammar to refuse, unless it opens too deep itself.

    Raises
    ------
    MalformedError
        If they are.

    Examples
    --------
    >>> check_depth(b'[["]]]]", {}]]', depth=3)
    >>> check_depth(b"[" * 100_000, depth=3)
    Traceback (most recent call last):
    schemas.errors.MalformedError: the input is nested more than 3 deep
    """
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = raw.translate(_ALL_AS_SQUARE, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in brackets:  # a string holds brackets itself
        brackets = b"".join(brackets.split(b'"')[::2])
    for _ in range(depth):
        before = len(brackets)
        brackets = brackets.replace(b"[]", b"")
        if len(brackets) == before:
            break
    if b"[]" in brackets or brackets.count(b"[") > depth:
        raise MalformedError("", f"is nested more than {depth} deep", "depth")


def check_grammar(raw: bytes) -> None:
    """Refuse what is not exactly one JSON document.

    Raises
    ------
    MalformedError
        If it is not.

    Examples
    --------
    >>> check_grammar(b"[NaN]")
    Traceback (most recent call last):
    schemas.errors.MalformedError: the input is not JSON: invalid character (byte 1)
    """
    try:
        _grammar.decode(raw)
    except msgspec.DecodeError as error:
        detail = str(error).removeprefix("JSON is malformed: ")
        cut = "truncated" in detail
        raise MalformedError(
            "", "is empty or cut short" if cut else f"is not JSON: {detail}", "json"
        ) from None


def parse(raw: bytes) -> Any:
    """Read a whole document; of a key that an object repeats, the last value counts.

    Raises
    ------
    MalformedError
        If it is not JSON in the sense above.

    Examples
    --------
    >>> parse(b'{"a": 1, "a": 2}')
    {'a': 2}
    """
    check_encoding(raw)
    check_depth(raw)
    check_grammar(raw)  # the reader alone would be more tolerant than the hot decoder
    return _reader.decode(raw.decode())


def repeats_a_key(raw: bytes) -> bool:
    """Whether any object of a document that :func:`parse` takes repeats a key.

    >>> repeats_a_key(b'[{"a": 1, "a": 2}]'), repeats_a_key(b'[{"a": 1}, {"a": 2}]')
    (True, False)
    """
    repeats = False

    def note(items: list[tuple[str, Any]]) -> None:
        nonlocal repeats
        repeats |= len(dict(items)) < len(items)

    json.loads(raw, object_pairs_hook=note, parse_int=_integer)
    return repeats


def _integer(digits: str) -> int:
    return int(digits[:_LONGEST_INTEGER])


_reader = json.JSONDecoder(parse_int=_integer)
