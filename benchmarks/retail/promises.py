"""How late the runs are that a schedule has promised."""

from __future__ import annotations

import numpy as np

from benchmarks.retail.world import START
from detectors.columns import Floats, Ints
from pipeline.engine.schedule import Schedules


def overdue(due: Ints, runs: Floats) -> Floats:
    """Return minutes of lateness at the end of each minute, as the engine would tell them.

    Parameters
    ----------
    due
        Minutes in which runs are due.
    runs
        Runs that started in each minute.

    Examples
    --------
    >>> overdue(np.array([2, 12]), np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0] + [0] * 9 + [1, 0]))[-5:]
    array([0., 1., 2., 0., 0.])
    """
    schedules = Schedules()
    for minute in due.tolist():
        schedules.promise(0, START + 60 * minute, None)
    late = np.zeros(len(runs))
    for minute, ran in enumerate((runs > 0).tolist()):
        end = START + 60 * (minute + 1)
        if ran:
            schedules.settle(0, end)
        late[minute] = schedules.overdue(0, end)
    return late
