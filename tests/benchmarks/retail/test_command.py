"""``python -m benchmarks.retail`` as its user meets it, on short worlds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.retail.__main__ import main
from benchmarks.retail.peers import PEERS, compare, watched
from benchmarks.retail.report import markdown, sheets
from benchmarks.retail.results import OURS, Case, measure
from benchmarks.retail.scoring import Scored, recall
from benchmarks.retail.world import DAY, MINUTES
from benchmarks.retail.worlds import WORLDS


def test_it_explains_itself(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(name in told for name in WORLDS)


@pytest.mark.parametrize("wrong", [["atlantis"], ["--rate", "often"], ["--seeds", "x"]])
def test_wrong_usage_ends_with_2(wrong: list[str]):
    with pytest.raises(SystemExit) as ended:
        main(wrong)

    assert ended.value.code == 2


def test_it_tells_everything_as_json_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main(["trade", "--days", "1", "--rate", "2/day", "--json", "--plot", str(tmp_path)])

    (told,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (told["world"], told["seed"], told["detector"]) == ("trade", 1, OURS)
    assert [cut["budget"] for cut in told["cuts"]] == [None, 0.5, 1.0, 2.0]
    assert 0 <= told["cuts"][0]["recall"] <= 1
    assert sum(map(len, told["cuts"][0]["kinds"].values())) == told["faults"]
    assert {path.suffix for path in tmp_path.iterdir()} == {".png"}
    assert len(list(tmp_path.iterdir())) == 2


def test_it_writes_worlds(tmp_path: Path):
    main(["trade", "--days", "1", "--write", str(tmp_path)])

    assert {path.name for path in (tmp_path / "trade-1").iterdir()} == {
        "events.jsonl.gz",
        "faults.json",
    }


def test_tables_have_a_line_for_every_shape_and_peer():
    cases = [Case("bursts", 1, 1.0, 3 * DAY, peer) for peer in ("EWMA z", "same time last week")]
    results = [measure(case, [1.0])[0] for case in cases]

    told = markdown(sheets(results))

    assert all(f"| {case.detector} |" in told for case in cases)


@pytest.mark.parametrize("peer", [name for name in PEERS if name != "half-space trees"])
def test_peers_find_something_but_little(peer: str):
    world = WORLDS["trade"](1, 0.5, MINUTES)
    scored = Scored(world, compare(peer, world))

    assert 0 < recall(scored.within(2.0).findings) < 0.5


def test_the_slow_peer_is_run_on_few_flows():
    world = WORLDS["trade"](1, 0.5, DAY)
    part = watched("half-space trees", world)

    assert len(part.flows) == 4
    assert compare("half-space trees", part).shape == (DAY, 4)
