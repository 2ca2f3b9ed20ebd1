"""What a young flow borrows from the grown ones of its partition, so that gross faults show early.

For two days a flow's own history says too little. Ordinary shares of failures, dispersions and the
scale of evidence are much alike among flows, so a flow begins with the median of the grown flows
of its kind, and is judged by that on what needs no season: shares, durations, and silence, at
hours at which hardly any grown flow is quiet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.channels import COUNTED, TIMED
from detectors.columns import Bools, Floats, Ints
from detectors.state import Rows, apart

if TYPE_CHECKING:
    from detectors.flows import Flows
    from detectors.rate import Rates

LEAST: Final = 5
"""Grown flows without which nothing is lent."""
RUNS: Final = 100.0
"""Runs (or records) that a borrowed share is worth; as in fresh `Rates`."""
EARLY: Final = 180
"""Windows (three hours) after which shares and durations are judged on a borrowed scale."""
SILENCE: Final = 240
"""Windows (four hours) after which the longest gap so far tells something of gaps."""
AWAKE: Final = 0.3
"""Of their mean, what all but a few grown flows have expected of the last hour, at times of day
when a stop is no closing time."""
FEW: Final = 0.2


def lend(flows: Flows, rows: Rows, used: int, early: list[int]) -> None:
    """Give flows that see their first window what is usual among grown ones.

    Parameters
    ----------
    flows
        The state of every detector.
    rows
        Those being stepped.
    used
        How many rows there are.
    early
        Channels of the calibration that are judged early.
    """
    born = flows.age[rows.at] == 0
    if not born.any():
        return
    grown = flows.age[:used] > flows.calibration.restart  # its own scale has settled
    new = rows.only(born)
    for kind in np.unique(flows.kind[new.at]).tolist():
        alike = grown & (flows.kind[:used] == kind)
        models = np.flatnonzero(alike if alike.sum() >= LEAST else grown)
        if len(models) >= LEAST:
            _lend(flows, new.only(flows.kind[new.at] == kind).numbers, models, early)


def _lend(flows: Flows, new: Ints, models: Ints, early: list[int]) -> None:
    flows.borrowed[new] = True
    for array in _lent(flows):
        array[..., new] = np.median(array[..., models], axis=-1)[..., None]
    _lend_shares(flows.shares, new, models)
    flows.calibration.wait[np.array(early)[:, None], new] = EARLY


def _lent(flows: Flows) -> Iterator[NDArray[Any]]:
    yield apart(flows.counts.alpha, len(COUNTED))
    yield apart(flows.durations.variance, len(TIMED))
    yield apart(flows.durations.scale, len(TIMED))
    yield flows.calibration.u
    yield flows.calibration.mx


def _lend_shares(shares: Rates, new: Ints, models: Ints) -> None:
    usual = np.median(shares.hits[:, models] / shares.total[:, models], axis=1)
    shares.hits[:, new] = RUNS * usual[:, None]
    shares.total[:, new] = RUNS
    shares.alpha[:, new] = np.median(shares.alpha[:, models], axis=1)[:, None]


def wary(flows: Flows, rows: Rows, hour: Floats) -> Bools:
    """Where a gap longer than all so far is to alarm: young flows, at hours of business.

    ``hour`` is the volume that was expected of each row in the last 60 windows.
    """
    at, age = rows.at, flows.age[rows.at]
    young: Bools = flows.borrowed[at] & (age >= SILENCE) & (age <= flows.calibration.warm_up)
    if young.any():
        grown = age > flows.calibration.restart
        usual = np.maximum(60 * _usual_volume(flows)[at][grown], 1e-9)
        young &= len(usual) >= LEAST and bool(np.quantile(hour[grown] / usual, FEW) >= AWAKE)
    return young


def _usual_volume(flows: Flows) -> Floats:
    usual: Floats = apart(flows.counts.seasonality.mean, len(COUNTED))[0]
    return usual
