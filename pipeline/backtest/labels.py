"""Incidents that a user knows of, and what alerts make of them.

An incident is found if an alert begins from its start to ten minutes after its end. An alert is
false if it begins outside all of them, and not within the hour after one (detection notes, 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from pipeline.backtest.budgets import Onset
from pipeline.engine.emissions import FlowKey

LATE = 600
"""Seconds after an incident's end in which an alert still is its own."""
AFTERMATH = 3600
"""Seconds after an incident's end in which an alert is not false."""


class LabelError(ValueError):
    """A file of labels cannot be read. Names the label and the field."""


class Label(msgspec.Struct, frozen=True):
    """An incident of one flow, named as ``flow`` or ``tenant:flow``."""

    flow: str
    start: Annotated[datetime, msgspec.Meta(tz=True)]
    end: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: str = "incident"

    def concerns(self, flow: FlowKey) -> bool:
        """Whether this is of a flow."""
        return self.flow in {str(flow), flow.flow_id}

    def spans(self, instant: int, grace: int) -> bool:
        """Whether an instant lies in it, or up to ``grace`` seconds after it."""
        return self.start.timestamp() <= instant <= self.end.timestamp() + grace


class Score(NamedTuple):
    """What one budget's alerts found, and how many were false."""

    found: tuple[Label, ...]
    missed: tuple[Label, ...]
    false: tuple[Onset, ...]

    @property
    def recall(self) -> float:
        """Share of the incidents that were found; NaN without any."""
        known = len(self.found) + len(self.missed)
        return len(self.found) / known if known else float("nan")


def read_labels(path: Path) -> list[Label]:
    """Read a JSON array of objects with ``flow``, ``start``, ``end`` and perhaps ``kind``.

    Raises
    ------
    LabelError
        The file is not such an array, or an incident ends before it starts.
    OSError
        The file cannot be read.
    """
    try:
        labels = msgspec.json.decode(path.read_bytes(), type=list[Label])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LabelError(f"{path.name}: {error}") from None
    for i, label in enumerate(labels):
        if label.end < label.start:
            raise LabelError(f"{path.name}: label {i} ends before it starts")
    return labels


def score(onsets: Sequence[Onset], labels: Sequence[Label], seconds: int) -> Score:
    """Compare the alerts of one budget with what is known.

    Parameters
    ----------
    onsets
        Alerts by their first anomalous window.
    labels
        Incidents.
    seconds
        Width of a window: an incident that starts inside one is found by it.
    """

    def own(label: Label, onset: Onset, grace: int) -> bool:
        last = onset.start + seconds - 1
        return label.concerns(onset.flow) and (
            label.spans(onset.start, grace) or label.spans(last, grace)
        )

    found = tuple(label for label in labels if any(own(label, o, LATE) for o in onsets))
    missed = tuple(label for label in labels if label not in found)
    false = tuple(o for o in onsets if not any(own(label, o, AFTERMATH) for label in labels))
    return Score(found, missed, false)
