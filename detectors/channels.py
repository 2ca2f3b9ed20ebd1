"""What signals there are, and the channels of evidence that each of them is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import numpy as np

from detectors.columns import Floats, Windows
from schemas.signals import CountSignal, SignalName

SIGNALS: Final[tuple[SignalName, ...]] = get_args(CountSignal)
"""All that is observed, and at the end failure, which is foreseen from the others."""
SHARES: Final[tuple[SignalName, ...]] = (
    "errors",
    "partial",
    "warnings",
    "retries",
    "missing",
    "duplicates",
)
CHANNELS: Final[Mapping[SignalName, slice]] = {
    "volume": slice(0, 4),
    "records": slice(4, 8),
    **{share: slice(8 + 2 * i, 10 + 2 * i) for i, share in enumerate(SHARES)},
    "latency": slice(20, 22),
    "wait": slice(22, 24),
    "backlog": slice(24, 25),
}
"""Channels of the calibration by signal; a signal's score is the highest of its channels.
Silence, failure and what single runs show have scales of their own."""
KINDS: Final = (
    *((first, first + 2) for first in (0, 1, 4, 5)),
    *((first, first + 1) for first in range(8, 24, 2)),
    (24,),
)
"""Channels behind each kind of evidence: a budget of false alarms is shared by kinds."""
SIGNAL_OF: Final = {c: name for name, part in CHANNELS.items() for c in range(part.stop)[part]}
BORROWED: Final = [*range(8, 24)]
"""Channels that a young flow is judged on by what others have learned: shares and durations."""


def shares(w: Windows) -> tuple[Floats, Floats]:
    """The counts and totals of `SHARES`, each of shape (shares, rows)."""
    records = np.where(np.isnan(w.records), w.volume, w.records)
    hits = np.stack([w.failed, w.partial, w.warnings, w.retries, w.missing, w.duplicates])
    total = np.stack([w.finished, w.finished, w.finished, w.volume, w.checked, records])
    return hits, total
