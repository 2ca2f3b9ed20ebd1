"""What signals there are, and the channels of evidence that each of them is judged by."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats, Windows
from schemas.signals import CountSignal, SignalName

SIGNALS: Final[tuple[SignalName, ...]] = get_args(CountSignal)
"""All that is observed, and at the end failure, which is foreseen from the others."""
COUNTED: Final[tuple[SignalName, ...]] = ("volume", "records", "backlog")
"""Judged by `detectors.volume`."""
SHARES: Final[tuple[SignalName, ...]] = (
    "errors",
    "partial",
    "warnings",
    "retries",
    "missing",
    "duplicates",
)
"""Judged by `detectors.rate`."""
TIMED: Final[tuple[SignalName, ...]] = ("latency", "wait")
"""Judged by `detectors.latency`."""
CHANNELS: Final = 25
"""Four of volume, four of records, two of each share, two of latency, two of the wait, and one of
backlog. A signal's score is the highest of its channels. Silence, failure and what single runs show
have scales of their own."""
KINDS: Final = np.array(
    [
        *((first, first + 2) for first in (0, 1, 4, 5)),
        *((first, first + 1) for first in range(8, 24, 2)),
        (24, 24),
    ]
).T
"""Channels behind each kind of evidence: a budget of false alarms is shared by kinds."""
CUMULATIVE: Final = np.array([2, 6, 3, 7, *range(9, 24, 2)])
"""Channels of cumulative sums: counts risen, counts fallen, shares, durations."""
ACCUMULATED: Final = (*("volume", "records") * 2, *SHARES, *TIMED)
"""The signals of `CUMULATIVE`."""
BORROWED: Final = [*range(8, 24)]
"""Channels that a young flow is judged on by what others have learned: shares and durations."""


class ByModel(NamedTuple):
    """One number for each channel and flow, as the models of the channels give and take them.

    Attributes
    ----------
    counts
        Shape (4, flows, `COUNTED`).
    shares
        Shape (2, `SHARES`, flows).
    durations
        Shape (2, flows, `TIMED`).
    """

    counts: NDArray[Any]
    shares: NDArray[Any]
    durations: NDArray[Any]

    def by_channel(self) -> NDArray[Any]:
        """The same of shape (`CHANNELS`, flows)."""
        counts, shares, durations = self
        flows = counts.shape[1]
        return np.concatenate(
            [
                counts[..., 0],
                counts[..., 1],
                shares.swapaxes(0, 1).reshape(-1, flows),
                durations.transpose(2, 0, 1).reshape(-1, flows),
                counts[:1, :, 2],
            ]
        )

    @classmethod
    def of(cls, channels: NDArray[Any]) -> Self:
        """Take what has shape (`CHANNELS`, flows) apart; 0 where backlog has no channel.

        >>> channels = np.arange(50.0).reshape(25, 2)
        >>> bool((ByModel.of(channels).by_channel() == channels).all())
        True
        """
        flows = channels.shape[-1]
        counts = np.zeros((4, flows, len(COUNTED)))
        counts[..., 0], counts[..., 1], counts[0, :, 2] = channels[:4], channels[4:8], channels[24]
        shares = channels[8:20].reshape(-1, 2, flows).swapaxes(0, 1)
        return cls(counts, shares, channels[20:24].reshape(-1, 2, flows).transpose(1, 2, 0))


def shares(w: Windows) -> tuple[Floats, Floats]:
    """The counts and totals of `SHARES`, each of shape (shares, rows)."""
    records = np.where(np.isnan(w.records), w.volume, w.records)
    hits = np.array([w.failed, w.partial, w.warnings, w.retries, w.missing, w.duplicates])
    total = np.array([w.finished, w.finished, w.finished, w.volume, w.checked, records])
    return hits, total
