"""Labelled messages: a third of them was written before the rules, and no rule is made for it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.errors.rules import classify
from detectors.errors.taxonomy import CLASSES, INDEX, MEANING, NAMES


class Labelled(NamedTuple):
    kind: str
    status: int | None
    system: str | None
    message: str


def labelled(name: str) -> list[Labelled]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [Labelled(k, int(s) if s else None, y or None, m) for k, s, y, m in rows]


KNOWN, HELD_OUT = labelled("labelled.tsv"), labelled("held_out.tsv")


def accuracy(messages: list[Labelled]) -> float:
    right = sum(classify(m.message, m.status, m.system) == m.kind for m in messages)
    return right / len(messages)


def test_the_labelled_messages_are_many_and_of_every_class() -> None:
    assert len(KNOWN) >= 120
    assert len(HELD_OUT) >= (len(KNOWN) + len(HELD_OUT)) / 3
    assert {m.kind for m in KNOWN} == {m.kind for m in HELD_OUT} == set(CLASSES)


def test_every_message_the_rules_were_written_for_is_classified() -> None:
    assert accuracy(KNOWN) == 1.0


def test_nine_in_ten_messages_the_rules_were_not_written_for_are_classified() -> None:
    assert accuracy(HELD_OUT) >= 0.9


@pytest.mark.parametrize(
    ("message", "status", "system"),
    [
        ('{"errors":[{"extensions":{"code":"THROTTLED"}}]}', 200, "Shopify"),
        ("SSS_REQUEST_LIMIT_EXCEEDED", 400, "NetSuite"),
        ("<detail><ExceededConcurrentRequestLimitFault/></detail>", 500, "NetSuite"),
        ("WS_CONCUR_SESSION_DISALLWD: session in use", None, "NetSuite"),
        ("Service Unavailable", 503, "Brightpearl"),
        ("GET https://ws-eu1.brightpearl.com/x gave `503 Service Unavailable`", None, None),
        ("anything at all", 429, None),
    ],
)
def test_a_rate_limit_need_not_be_a_429(
    message: str, status: int | None, system: str | None
) -> None:
    assert classify(message, status, system) == "rate_limit"


def test_a_503_of_another_system_is_a_server_error() -> None:
    assert classify("Service Unavailable", 503, "Peoplevox") == "server_5xx"


def test_the_kind_of_step_decides_only_where_the_words_say_nothing() -> None:
    assert classify("it broke", step="custom-script") == "script"
    assert classify("connection refused", step="custom-script") == "network"


def test_a_number_in_an_order_is_no_status() -> None:
    assert classify("order 404 was odd") == "unknown"


def test_every_class_has_a_cause_a_next_step_and_a_name() -> None:
    assert set(MEANING) == set(NAMES) == set(CLASSES) == set(INDEX)
    assert all(m.cause and m.next_step.endswith(".") for m in MEANING.values())


@given(st.text(max_size=2000), st.none() | st.integers(100, 999))
def test_any_text_has_a_class(message: str, status: int | None) -> None:
    assert classify(message, status) in CLASSES
