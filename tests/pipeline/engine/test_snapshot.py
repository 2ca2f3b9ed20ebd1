from __future__ import annotations

import msgspec
import numpy as np
import pytest

from pipeline.engine import snapshot
from pipeline.engine.engine import Engine
from pipeline.engine.snapshot import SnapshotError, SnapshotVersionError, dump, load
from pipeline.settings import EngineSettings


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.float16, np.int64, np.uint16, np.bool_]
)
def test_arrays_survive_with_their_type_and_shape(dtype: type) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    again = load(dump({"a": array}))["a"]
    assert again.dtype == array.dtype
    assert np.array_equal(again, array)
    again[0, 0, 0] = 1  # a restored array can be written to


def test_plain_values_survive() -> None:
    state = {"n": 1, "x": [None, True, 1.5, "é", b"\xff"], "d": {"3": [1, [2]]}}
    assert load(dump(state)) == state


def test_empty_arrays_survive() -> None:
    assert load(dump({"a": np.zeros((0, 5))}))["a"].shape == (0, 5)


def test_the_same_state_gives_the_same_bytes() -> None:
    state = {"a": np.ones(3), "b": 1}
    assert dump(state) == dump(state)


def test_a_snapshot_of_another_version_is_refused() -> None:
    other = msgspec.msgpack.encode({"version": snapshot.VERSION + 1, "state": {}})
    with pytest.raises(SnapshotVersionError, match=f"reads {snapshot.VERSION}"):
        load(other)


def test_what_is_neither_plain_nor_an_array_is_refused() -> None:
    with pytest.raises(TypeError, match="not object"):
        dump({"a": object()})


@pytest.mark.parametrize("raw", [b"", b"\xc0", b"\x93\x01\x02\x03", dump({"a": np.ones(9)})[:-5]])
def test_a_damaged_snapshot_is_refused(raw: bytes) -> None:
    with pytest.raises(SnapshotError, match="damaged"):
        load(raw)


def test_an_engine_refuses_a_snapshot_that_is_not_its_own() -> None:
    with pytest.raises(SnapshotError, match="damaged"):
        Engine(EngineSettings()).restore(dump({"totals": {}, "flows": 7}))
