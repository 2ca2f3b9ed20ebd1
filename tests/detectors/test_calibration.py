"""The scale that evidence is put on."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.calibration import Calibration
from detectors.state import Rows
from detectors.width import Width


@pytest.mark.filterwarnings("error")
def test_evidence_without_measure_is_taken_without_a_word() -> None:
    calibration, flow = Calibration(1, Width(3600)), Rows.of(np.array([0]))
    calibration.reserve(1)
    for _ in range(calibration.restart + 1):
        scores = calibration.step(flow, np.array([[1e6]]), np.array([[True]]))
    assert np.isfinite(scores).all()
    assert np.isfinite(calibration.daily).all()
