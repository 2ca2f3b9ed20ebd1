"""What a collector makes of the runs of a company."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.collect.patchworks import START, late, office, watermarks


async def test_each_state_of_each_run_is_told_once(tmp_path: Path):
    async with office(tmp_path) as there:
        await there.collect(minutes=10)
        until = watermarks(there.log)[-1]
        told = there.told()
        assert len(told) == len(set(told))
        missing = there.truth(START, until) - set(told)
        assert not missing


async def test_no_event_is_older_than_a_watermark_given_before(tmp_path: Path):
    async with office(tmp_path) as there:
        await there.collect(minutes=10)
        assert len(watermarks(there.log)) > 30
        assert late(there.log) == []
