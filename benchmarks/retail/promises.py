"""How late the runs are that a schedule has promised."""

from __future__ import annotations

import numpy as np

from benchmarks.retail.world import START, Schedule
from detectors.columns import Floats
from pipeline.engine.schedule import Schedules


def overdue(schedule: Schedule, runs: Floats) -> Floats:
    """Return minutes of lateness at the end of each minute, as the engine would tell them.

    Parameters
    ----------
    schedule
        When runs are due.
    runs
        Runs that started in each minute.

    Examples
    --------
    >>> runs = np.zeros(21)
    >>> runs[[2, 19]] = 1
    >>> overdue(Schedule(np.array([2, 12]), 300), runs)[-5:]
    array([0., 1., 2., 0., 0.])
    """
    schedules = Schedules()
    for minute in schedule.due.tolist():
        schedules.promise(0, START + 60 * minute, schedule.tolerance)
    late = np.zeros(len(runs))
    for minute, ran in enumerate((runs > 0).tolist()):
        end = START + 60 * (minute + 1)
        if ran:
            schedules.settle(0, end)
        late[minute] = schedules.overdue(0, end)
    return late
