"""Events joined of parts, held to what encoding each as a whole would give."""

from __future__ import annotations

import json

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.emissions import FlowKey
from pipeline.outputs.signal_events import signal_events
from tests.pipeline.outputs.make import NAN, closed

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(NAMES, NAMES, st.floats(allow_nan=True))
def test_an_event_has_the_bytes_of_one_encoded_as_a_whole(
    tenant: str, flow_id: str, observed: float
) -> None:
    columns = {"observed": observed, "expected": np.inf, "lower": NAN, "score": 1.5}
    [event] = signal_events(closed([FlowKey(tenant, flow_id)], {"volume": columns}))
    assert msgspec.json.encode(json.loads(event)) == event


def test_whatever_the_names_an_event_tells_them() -> None:
    key = FlowKey('a"c', "b\\\n\u2028é")
    [event] = map(json.loads, signal_events(closed([key], {"volume": {}})))
    assert (event["tenant"], event["data"]["flow_id"]) == key
    assert event["id"].startswith(f"sig:{key}:volume:")


def test_a_window_of_no_flow_has_none() -> None:
    assert list(signal_events(closed([], {"volume": {}}))) == []
