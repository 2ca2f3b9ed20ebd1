from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.redact import MARK, redact, redact_log, redact_text

SECRET = "Zq7Zq7"

names = st.sampled_from(
    ["patchworks_signature", "patchworks-signature", "Patchworks-Signature", "PATCHWORKS_SIGNATURE"]
)
texts = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "https://host/x?", "GET /a?b=c&", 'curl -H "', r"{\"", "text "]),
    names | st.just("patchworks%5Fsignature"),
    st.sampled_from(["=", ": ", "%3D", '": "', r"\": \"", " = ", "='"]),
    st.just(SECRET),
    st.sampled_from(["", "&d=e", '"', " HTTP/1.1", r"\"}", "'", "#top", "\n"]),
)
secrets = st.sampled_from(
    [SECRET, [SECRET], {"value": SECRET}, {"a": [1, SECRET]}, f"a,b {SECRET}"]
)
documents = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | texts | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | texts, inner, max_size=4)
        | st.dictionaries(names, secrets, min_size=1, max_size=2)
    ),
)


def escaped(raw: str) -> bytes:
    """The same JSON with a letter of the name hidden behind an escape."""
    return raw.replace("atchworks", "\\u0061tchworks").encode()


@given(document=documents)
def test_no_secret_is_left_wherever_it_stands(document: Any):
    raw = json.dumps(document)
    for form in (raw.encode(), json.dumps(document, ensure_ascii=False).encode(), escaped(raw)):
        clean = redact(form)
        assert SECRET.encode() not in clean
        json.loads(clean)


@given(document=documents.filter(lambda d: SECRET not in json.dumps(d)))
def test_what_holds_no_secret_stays_byte_for_byte(document: Any):
    raw = json.dumps(document).encode()
    assert redact(raw) == raw


@pytest.mark.parametrize("value", ["12345", "null", "true", "[1, 2]", '{"a": "b"}', '"a,b}c"'])
def test_any_value_of_a_key_so_named_gives_way_to_the_mark(value: str):
    clean = redact(b'{"patchworks_signature": %b, "other": 1}' % value.encode())
    assert json.loads(clean) == {"patchworks_signature": MARK, "other": 1}


def test_numbers_beside_a_secret_stay_digit_for_digit():
    numbers = b"[1.50,1e999,-0.0,%b]" % (b"9" * 5000)
    clean = redact(b'{"patchworks_signature": "x", "numbers": %b}' % numbers)
    assert clean.endswith(b'"numbers":%b}' % numbers)


@given(text=texts)
def test_text_that_is_no_json_is_cleaned_too(text: str):
    assert SECRET not in redact_text(text)


def test_a_log_line_is_cleaned_in_every_field():
    line = {
        "event": f"GET /x?patchworks_signature={SECRET}",
        "headers": {"patchworks-signature": SECRET},
        "exception": f"Traceback: patchworks_signature={SECRET}",
    }
    assert SECRET not in str(redact_log(None, "info", line))


@pytest.mark.parametrize(
    "text",
    [
        "{'patchworks-signature': ['Zq7Zq7']}",
        '{"patchworks_signature"=>"Zq7Zq7"}',
        "<patchworks_signature>Zq7Zq7</patchworks_signature>",
        "next=%2Fhook%3Fpatchworks_signature%253DZq7Zq7%26x",
        r"{\"headers\":{\"Patchworks-Signature\":[\"Zq7Zq7\"]}}",
        "patchworks_signature%22%3A%22Zq7Zq7%22",
    ],
)
def test_a_secret_goes_from_the_text_of_other_notations(text: str):
    clean = redact_text(text)
    assert SECRET not in clean
    assert MARK in clean
    assert redact_text(clean) == clean


@pytest.mark.parametrize(
    "document",
    [
        '{"a": "patchworks_signature=Zq7Zq7", "a": "signature"}',
        '{"a": {"patchworks_signature": "Zq7Zq7"}, "a": 1}',
        '{"X-Patchworks-Signature": "Zq7Zq7"}',
        '[{"name": "Patchworks-Signature", "value": "Zq7Zq7"}]',
        '["accept", "*/*", "Patchworks-Signature", "Zq7Zq7"]',
    ],
)
def test_a_secret_goes_wherever_json_can_hold_it(document: str):
    assert SECRET.encode() not in redact(document.encode())


@pytest.mark.parametrize("filler", [">", "=", '"', "[", "%22", "%25", 'patchworks_signature"'])
def test_no_text_takes_long(filler: str):
    begun = time.perf_counter()
    redact_text("patchworks_signature" + filler * 60_000)
    assert time.perf_counter() - begun < 1


def test_an_empty_signature_does_not_take_the_name_of_the_next_for_its_value():
    assert "s3cret" not in redact_text("patchworks_signature= Patchworks-Signature: s3cret")
