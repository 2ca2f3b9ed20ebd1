"""The state of every detector, of all flows of a partition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import Calibration
from detectors.channels import CHANNELS, COUNTED, SHARES, TIMED
from detectors.columns import Bools, Ints
from detectors.each_run import EachRun
from detectors.failure import Failure
from detectors.latency import Latency
from detectors.rate import Rates
from detectors.silence import Silence
from detectors.state import FlowState, column
from detectors.volume import Volume
from detectors.width import Width


class Flows(FlowState):
    """The state of every detector."""

    age: Ints = column(0, dtype=np.int64)
    kind: NDArray[np.uint8] = column(0, dtype=np.uint8)
    borrowed: Bools = column(0, dtype=np.bool_)

    sized: Bools = column(0, dtype=np.bool_)
    """Whether runs ever held another number of records than one."""

    def __init__(self, threshold: float, width: Width, failure: Failure) -> None:
        super().__init__()
        self.counts = Volume(width, len(COUNTED))
        self.shares = Rates(len(SHARES), width)
        self.durations = Latency(width, len(TIMED))
        self.silence = Silence(threshold, width.seconds)
        self.failure = failure
        self.each_run = EachRun(threshold, width.seconds)
        self.calibration = Calibration(CHANNELS, width)
