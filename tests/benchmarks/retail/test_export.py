"""A world as files is the same to ``cogentai backtest`` as the world is to the detectors."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.retail.export import write
from benchmarks.retail.judge import judge
from benchmarks.retail.world import DAY, START
from benchmarks.retail.worlds import WORLDS
from schemas.signals import SignalName
from tests.pipeline.cli.command import Command

BUDGET = 0.87
"""At which the engine's threshold is that of a bank of its own."""


def test_backtest_gives_the_scores_of_the_detectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    whole = WORLDS["clockwork"](1, 6.0, 2 * DAY + 600)
    shapes = [flow.shape for flow in whole.flows]
    others = [shapes.index(shape) for shape in ("hourly pages", "night", "rough")]
    world = whole.only([min(whole.promises), *others])
    write(world, tmp_path)
    cogentai = Command(capsys, monkeypatch, tmp_path)
    out = tmp_path / "scores.csv"

    told = cogentai(
        "backtest", tmp_path / "events.jsonl.gz", "--scores", out, "--budget", BUDGET,
        engine__timezone=world.timezone,
    )  # fmt: skip

    assert told.code == 0, told.err
    names = {flow.name: i for i, flow in enumerate(world.flows)}
    expected = judge(world)
    found = {name: np.zeros_like(scores) for name, scores in expected.items()}
    with out.open(newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["window_start"]).timestamp()
            signal: SignalName = row["signal"]  # type: ignore[assignment]
            found[signal][int(at - START) // 60, names[row["flow_id"]]] = float(row["score"])
    assert max(scores.max() for scores in expected.values()) > 1
    for name, scores in expected.items():
        np.testing.assert_allclose(found[name], scores, rtol=1e-5, err_msg=name)


def test_the_faults_are_told_beside_the_events(tmp_path: Path):
    world = WORLDS["trade"](1, 2.0, DAY)
    write(world, tmp_path)

    told = json.loads((tmp_path / "faults.json").read_text())

    assert (told["world"], told["timezone"]) == ("trade", "UTC")
    assert len(told["faults"]) == len(world.faults) > 0
    first = told["faults"][0]
    assert first["flow_id"] == world.flows[world.faults[0].flow].name
    starts = datetime.fromisoformat(first["start"]).timestamp()
    assert starts == START + 60 * world.faults[0].start
