from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MalformedError
from schemas.syntax import check_depth, parse, repeats_a_key

documents = st.recursive(
    st.text('[]{}"\\,:ab') | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[{"}]'), inner, max_size=3)
    ),
    max_leaves=12,
)


def depth(document: object) -> int:
    if isinstance(document, dict):
        return 1 + max(map(depth, document.values()), default=0)
    if isinstance(document, list):
        return 1 + max(map(depth, document), default=0)
    return 0


@given(document=documents)
def test_depth_is_exact_whatever_brackets_the_strings_hold(document: object):
    raw = json.dumps(document).encode()
    check_depth(raw, depth(document))
    if depth(document) > 0:
        with pytest.raises(MalformedError):
            check_depth(raw, depth(document) - 1)


@given(document=documents)
def test_what_json_writes_is_read_back(document: object):
    raw = json.dumps(document).encode()
    assert parse(raw) == document
    assert not repeats_a_key(raw)


def test_a_byte_order_mark_is_refused():
    with pytest.raises(MalformedError, match="not JSON"):
        parse(b"\xef\xbb\xbf{}")


def test_utf_16_is_refused():
    with pytest.raises(MalformedError, match="not UTF-8 at byte 0"):
        parse('{"a": 1}'.encode("utf-16"))
