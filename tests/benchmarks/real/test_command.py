"""The whole measurement on a tiny corpus."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.real.__main__ import main
from tests.benchmarks.real.corpus import MONDAY, counts, events, table

DAY = 86_400


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of a request count that stops on the next day, and four of an hourly one."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    values: list[float | None] = list(rng.poisson(400.0, 14 * 1440 + 400).astype(float))
    stop = 14 * 1440 + 300
    values[stop : stop + 20] = [0.0] * 20
    values[5000:5050] = [None] * 50
    counts(folder / "aiops" / "web.csv.gz", values, 60)
    at = MONDAY + stop * 60
    events(folder / "aiops" / "events.json", {"web": [(at, at + 19 * 60)]})
    counts(folder / "msft" / "buys-01.csv", list(rng.poisson(90.0, 28 * 24)), 3600)
    events(folder / "msft" / "events.json", {"buys-01": []})
    table(folder / "msft" / "manifest.csv", "series,step_s", ["buys-01,3600"])
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks.real", *map(str, arguments)])
    main()


def test_one_json_object_says_what_was_found(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run(monkeypatch, "--corpus", corpus, "aiops", "--thin", "0.1", "--json")

    report = json.loads(capsys.readouterr().out)
    (part,) = report["real"]
    assert part["title"] == "aiops, 10% of the requests"
    volume = part["rows"][0]
    assert (volume["detector"], volume["events"]) == ("engine, volume", 1)
    assert (volume["recall at 1"], volume["fixed recall"]) == (1.0, 1.0)
    assert report["conditions"]["budget"] == 1.0


def test_series_without_events_are_watched_for_false_alarms(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run(monkeypatch, "--corpus", corpus, "msft", "--peers", "--json", "--plot", corpus / "plots")

    rows = {row["detector"]: row for row in json.loads(capsys.readouterr().out)["real"][0]["rows"]}
    assert "river HST" in rows
    assert rows["engine, volume, series without events"]["fixed FA/week"] < 1
    assert [path.name for path in (corpus / "plots").iterdir()] == ["msft--rows-of-3600-s.png"]


def test_a_corpus_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, "--corpus", tmp_path, "aiops")

    assert ended.value.code == 2
    assert "there is no folder" in capsys.readouterr().err
