"""Every file of the corpus of bad input, as the engine meets it: a dead letter with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.decode import decode_event
from schemas.errors import ContractError

CORPUS = Path(__file__).parents[1] / "corpus"
INDEX = json.loads((CORPUS / "index.json").read_text())
EVENTS = [n for n, e in INDEX.items() if e["content_type"] == "application/cloudevents+json"]


@pytest.mark.parametrize("name", EVENTS)
def test_a_bad_event_is_refused_naming_the_field(name: str):
    with pytest.raises(ContractError) as caught:
        decode_event((CORPUS / "bad" / name).read_bytes())
    found = {"kind": caught.value.kind, "field": caught.value.field}
    assert found.items() <= INDEX[name].items()


def test_there_are_at_least_200_of_them_and_no_two_alike():
    contents = {(e["content_type"], (CORPUS / "bad" / n).read_bytes()) for n, e in INDEX.items()}
    assert len(contents) == len(INDEX) >= 200
