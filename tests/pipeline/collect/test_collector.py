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


async def test_business_keys_are_told_as_far_as_the_budget_goes(tmp_path: Path):
    async with office(tmp_path) as there:
        await there.collect(minutes=15)
        told = [event["id"] for event in there.log.of("record.tracked")]
        assert len(told) == len(set(told)) > 50


async def test_a_lack_of_budget_sheds_logs_and_tracked_data_and_no_run(tmp_path: Path):
    async with office(tmp_path, runs_per_minute=400) as there:
        await there.collect(minutes=5, requests_per_minute=40, success_log_share=0.5)
        until = watermarks(there.log)[-1]
        assert not there.truth(START, until) - set(there.told())
        assert len(there.log.of("record.tracked")) < 200


async def test_a_failed_run_brings_its_errors_before_its_end(tmp_path: Path):
    async with office(tmp_path) as there:
        await there.collect(minutes=30)
        place = {event["id"]: at for at, event in enumerate(there.log.events)}
        failed = [e for e in there.log.of("flow.run") if e["data"].get("state") == "failure"]
        assert failed
        for end in failed:
            lines = [
                line
                for line in there.log.of("flow.log")
                if line["data"]["run_id"] == end["data"]["run_id"]
                and line["data"]["level"] == "ERROR"
            ]
            assert lines
            assert all(place[line["id"]] < place[end["id"]] for line in lines)
            assert all(line["time"] == end["time"] for line in lines)
