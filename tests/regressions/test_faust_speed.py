"""What slows Faust down for no reason."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.log.base import Entry
from tests.e2e.verifier import until
from tests.regressions.apps import NOTES, Waits
from tests.regressions.conftest import App, Fill

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

RECORDS = 60_000


async def test_the_fetcher_does_not_sleep_while_records_wait(
    app: App, fill: Fill, tmp_path: Path
) -> None:
    """Plain Faust sleeps a whole second whenever its buffer of 4,096 records is full.

    Its agent soon has nothing to do: 8,300 records a second instead of 12,800, a sixth of the time
    at a standstill. Our buffer lasts for the second.
    """
    await fill([Entry(f"key-{n % 16}", b"1") for n in range(RECORDS)])
    with app("counting"):
        await until(lambda: _last(tmp_path).records == RECORDS, "all records", seconds=60)
    told = _last(tmp_path)
    assert told.stood < 0.1 * told.seconds


def _last(folder: Path) -> Waits:
    file = folder / NOTES
    lines = file.read_bytes().split(b"\n") if file.exists() else []
    return msgspec.json.decode(lines[-2], type=Waits) if lines[1:] else Waits(0, 0, 0)
