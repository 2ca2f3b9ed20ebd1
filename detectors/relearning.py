"""What detectors take back when they are told late, or told that a flow has changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.bank import FlowBank
from detectors.columns import Floats, Ints
from detectors.outlook import Scaling
from detectors.state import Rows


def depth(bank: FlowBank) -> int:
    """How many windows the expectations held reach over, the last of them five ahead."""
    return bank.flows.counts.expectations.depth


def look_again(
    bank: FlowBank,
    rows: NDArray[np.int64],
    minutes: Sequence[Ints],
    told: Sequence[Scaling | None],
) -> None:
    """Expect the latest windows anew, after something was told late or taken back.

    Parameters
    ----------
    rows
        Row numbers, strictly increasing.
    minutes, told
        Of the latest `depth` windows, oldest first, the last of them five ahead: local minute of
        the week by row, and what is told of it now.
    """
    counts = bank.flows.counts
    each = [np.repeat(minute, counts.series) for minute in minutes]
    scaled = [scaling and scaling.each(counts.series) for scaling in told]
    counts.look_again(Rows.of(rows).series(counts.series), each, scaled)


def explain(bank: FlowBank, rows: NDArray[np.int64], low: Floats, high: Floats) -> None:
    """Take out of the levels what was told late: between two log-factors, by row."""
    counts = bank.flows.counts
    low, high = (np.repeat(bound, counts.series) for bound in (low, high))
    counts.explain(Rows.of(rows).series(counts.series), low, high)


def relearn(bank: FlowBank, rows: NDArray[np.int64], *, pattern: bool) -> None:
    """Learn rows anew, quickly, after a change; of the ``pattern`` of their days, or not.

    Errors are judged as before. So is silence, unless the pattern changed.
    """
    picked, flows = Rows.of(rows), bank.flows
    flows.counts.relearn(picked.series(flows.counts.series), pattern=pattern)
    flows.durations.relearn(picked.series(flows.durations.series))
    if pattern:
        flows.silence.relearn(picked)
