"""Every detector over the flows of one partition, one row a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import WARM_UP, Calibration
from detectors.columns import Bools, Floats, Ints, Verdict, Windows
from detectors.latency import Durations, Latency
from detectors.rate import Rate, Shares
from detectors.seasonality import Clock
from detectors.silence import Quiet, Rhythm, Silence
from detectors.state import FlowState, Rows, column
from detectors.volume import Counts, Volume
from schemas.signals import SignalName

CHANNELS: Final[Mapping[SignalName, slice]] = {
    "volume": slice(0, 4),
    "errors": slice(4, 6),
    "missing": slice(6, 8),
    "latency": slice(8, 10),
    "backlog": slice(10, 11),
    "silence": slice(11, 12),
}
"""Channels of the calibration by signal; a signal's score is the highest of its channels."""


class FlowBank:
    pass
