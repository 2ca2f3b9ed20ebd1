from __future__ import annotations

from datetime import datetime

import pytest

from schemas.events import ScheduleExpected


def test_an_instant_without_a_zone_is_refused_in_python_as_in_json():
    with pytest.raises(ValueError, match="offset"):
        ScheduleExpected(flow_id="orders", due_at=datetime(2026, 3, 2, 10))  # noqa: DTZ001 - the point
