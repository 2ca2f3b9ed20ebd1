"""What detectors take back when they are told late, or told that a flow has changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.bank import FlowBank
from detectors.columns import Floats, Ints
from detectors.outlook import Scaling
from detectors.state import Rows
from detectors.volume import Volume


def depth(bank: FlowBank) -> int:
    """How many windows the expectations held reach over, the last of them five ahead."""
    return bank.flows.volume.expectations.depth


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
    for counts in _scaled(bank):
        counts.look_again(Rows.of(rows), minutes, told)


def explain(bank: FlowBank, rows: NDArray[np.int64], low: Floats, high: Floats) -> None:
    """Take out of the levels what was told late: between two log-factors, by row."""
    for counts in _scaled(bank):
        counts.explain(Rows.of(rows), low, high)


def relearn(bank: FlowBank, rows: NDArray[np.int64], *, pattern: bool) -> None:
    """Learn rows anew, quickly, after a change; of the ``pattern`` of their days, or not.

    Errors are judged as before. So is silence, unless the pattern changed.
    """
    picked = Rows.of(rows)
    for counts in _scaled(bank):
        counts.relearn(picked, pattern=pattern)
    for durations in (bank.flows.latency, bank.flows.wait):
        durations.relearn(picked)
    if pattern:
        bank.flows.silence.relearn(picked)


def _scaled(bank: FlowBank) -> tuple[Volume, ...]:
    """The detectors whose expectations an `Outlook` scales."""
    return bank.flows.volume, bank.flows.records, bank.flows.backlog
