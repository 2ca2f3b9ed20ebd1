"""Dividing a partition's state among more partitions, so that each flow takes its history along.

A flow's partition is the hash of its key modulo their number. When that number grows to a multiple,
the flows of one partition go to a few, and none of those takes flows of another: so each state is a
part of one that was, and nothing has to be merged. What was learned from all flows together
(what is alike in flows of a kind, how failures announce themselves), the collectors, annotations
and the ids of recent events are every part's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.bank import FlowBank
from pipeline.engine.emissions import FlowKey
from pipeline.engine.metrics import TENANT
from pipeline.engine.open_windows import moved_windows
from pipeline.engine.runs import moved_runs
from pipeline.engine.snapshot import dump, load

Moved = dict[int, int]
"""New row numbers by old ones, of the flows that stay together."""


def flows_in(snapshot: bytes) -> list[FlowKey]:
    """Return the flows that a snapshot knows."""
    return [FlowKey(*key) for key in load(snapshot)["flows"]["keys"]]


def part_of(snapshot: bytes, mine: Callable[[FlowKey], bool], *, heir: bool) -> bytes:
    """Return the snapshot of an engine that has only some of the flows.

    Parameters
    ----------
    snapshot
        Of the engine that had all of them.
    mine
        Which flows to keep.
    heir
        Whether the engine goes on under the number it had: running totals, and what partition 0
        alone tells of, stay with it.
    """
    state = load(snapshot)
    keys = [FlowKey(*key) for key in state["flows"]["keys"]]
    kept = [row for row, key in enumerate(keys) if mine(key)]
    moved = {old: new for new, old in enumerate(kept)}
    state["totals"] = state["totals"] if heir else {}
    state["flows"] |= {
        name: [values[row] for row in kept]
        for name, values in state["flows"].items()
        if name != "feed_order"
    }
    state["runs"] = moved_runs(state["runs"], moved)
    _outlooks(state["outlooks"], moved)
    _closing(state["closing"], kept, moved)
    _metrics(state["metrics"], mine, heir=heir)
    if not heir:
        state["collector_alerts"] = {"open": []}
    return dump(state)


def _outlooks(outlooks: dict[str, Any], moved: Moved) -> None:
    feedback, changes = outlooks["feedback"], outlooks["changes"]
    feedback["verdicts"] = _rows(feedback["verdicts"], moved)
    feedback["latest"] = _rows(feedback["latest"], moved)
    changes["latest"] = _rows(changes["latest"], moved, at=1)


def _closing(closing: dict[str, Any], kept: list[int], moved: Moved) -> None:
    closing["zones"] = [closing["zones"][row] for row in kept]
    closing["windows"] = moved_windows(closing["windows"], moved)
    for name, promises in closing["schedules"].items():
        closing["schedules"][name] = _rows(promises, moved)
    rolling = closing["rolling"]
    reached = [row for row in kept if row < len(rolling["latest"])]
    closing["rolling"] = {name: values[reached] for name, values in rolling.items()}
    closing["bank"] = _bank(closing["bank"], kept)
    closing["alerting"]["open"] = _rows(closing["alerting"]["open"], moved)
    errors = closing["errors"]
    errors["watched"] = errors["watched"][np.array(kept, dtype=np.int64)]
    for name in ("books", "open", "latest"):
        errors[name] = _rows(errors[name], moved)


def _bank(bank: dict[str, Any], kept: list[int]) -> dict[str, Any]:
    own, flows = FlowBank().flows.state(0).keys(), len(bank["age"])
    return {
        name: _columns(array, kept, flows) if name in own and flows else array
        for name, array in bank.items()
    }


def _columns(array: NDArray[Any], kept: list[int], flows: int) -> NDArray[Any]:
    """Keep some flows of the last axis, where each may have several series side by side."""
    apart = array.reshape(*array.shape[:-1], flows, -1)
    return apart[..., kept, :].reshape(*array.shape[:-1], -1)


def _metrics(metrics: dict[str, Any], mine: Callable[[FlowKey], bool], *, heir: bool) -> None:
    def is_mine(tenant: str, flow_id: str) -> bool:
        return heir if flow_id == TENANT else mine(FlowKey(tenant, flow_id))

    metrics["series"] = [each for each in metrics["series"] if is_mine(*each[:2])]
    metrics["alerts"]["open"] = [each for each in metrics["alerts"]["open"] if is_mine(*each[:2])]


def _rows(entries: Iterable[list[Any]], moved: Moved, at: int = 0) -> list[list[Any]]:
    """Keep the entries of some rows, under their new numbers; below 0 is the whole tenant."""
    return [
        [*entry[:at], moved.get(entry[at], entry[at]), *entry[at + 1 :]]
        for entry in entries
        if entry[at] in moved or entry[at] < 0
    ]
