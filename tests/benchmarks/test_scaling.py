"""The simulation of very many flows, in small."""

from __future__ import annotations

import json
from argparse import Namespace

import numpy as np
import pytest

from benchmarks.scaling.__main__ import main, reckoned, sampled
from benchmarks.scaling.population import Balance, places, population
from pipeline.log.partitioner import partition_of


def test_every_flow_lies_where_kafkas_clients_put_its_key() -> None:
    people = population(3_000)

    where = places(people, 16, lambda: None)

    assert len({people.key(flow) for flow in range(3_000)}) == 3_000
    assert where.tolist() == [partition_of(people.key(flow), 16) for flow in range(3_000)]


def test_the_balance_is_that_of_the_heaviest_to_the_mean() -> None:
    assert Balance.of(np.array([1.0, 2.0, 6.0])) == Balance(3.0, 6.0, 1.0, 2.0)


def test_the_partitions_with_most_middling_and_fewest_flows_are_played() -> None:
    assert sampled(np.array([5.0, 1.0, 9.0, 4.0, 7.0])) == [2, 0, 1]


def test_a_whole_run_measures_three_partitions_and_reckons_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--flows=900", "--partitions=4", "--minutes=2", "--json"]
    monkeypatch.setattr("sys.argv", ["benchmarks.scaling", *arguments])
    main()
    found = json.loads(capsys.readouterr().out)

    assert len(found["played"]) == 3
    assert sum(each["flows"] for each in found["played"]) < 900
    for each in found["played"]:
        assert each["events_played"] >= each["flows"]
        assert each["restore_s"] > 0
        assert each["snapshot_mb"] > 0.001 * each["flows"]
    heaviest = found["played"][0]
    assert found["reckoned"]["cluster_resident_gb"] == 4 * heaviest["resident_mb"] / 1000


def test_a_worker_holds_as_many_partitions_as_its_memory_has_room_for() -> None:
    heaviest = {"resident_mb": 150.0, "flows": 4000, "snapshot_mb": 100.0, "restore_s": 0.5}
    heaviest["outputs_kb_a_flow_and_minute"] = 3.0

    found = reckoned([heaviest], Namespace(partitions=256, flows=10**6), worker_gb=1.0)

    assert found["partitions_a_worker_by_memory"] == 6
    assert found["workers_by_memory"] == 43
    assert found["restore_s_a_worker"] == 3.0
    assert found["cluster_outputs_mb_per_s"] == 50.0
