"""The benchmark's folders and files; and, where the corpus is at hand, its figures.

Set ``COGENT_NAB`` to the folder of the corpus.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.nab import results
from benchmarks.nab.__main__ import main
from benchmarks.nab.corpus import CorpusError, Series, load
from benchmarks.nab.peers import PEERS
from benchmarks.nab.refractory import best_threshold
from benchmarks.nab.run import Run, generic
from benchmarks.nab.scorer import PROFILES, Scorer

ROWS = 400
STAMPS = [f"2026-03-{1 + i // 288:02} {i // 12 % 24:02}:{i % 12 * 5:02}:00" for i in range(ROWS)]


def lay_out(folder: Path, labels: str, windows: dict[str, list[list[str]]]) -> Path:
    path = folder / "data" / "made" / "up.csv"
    path.parent.mkdir(parents=True)
    values = [10 + i % 12 + 500 * (300 <= i < 310) for i in range(ROWS)]
    rows = "".join(f"{at},{value}\n" for at, value in zip(STAMPS, values, strict=True))
    path.write_text("timestamp,value\n" + rows)
    (folder / labels).parent.mkdir(exist_ok=True)
    (folder / labels).write_text(json.dumps(windows))
    return folder


WINDOWS = {"made/up.csv": [[f"{STAMPS[290]}.000000", f"{STAMPS[320]}.000000"]], "gone/a.csv": []}


@pytest.mark.parametrize("labels", ["windows.json", "labels/combined_windows.json"])
def test_both_layouts_are_read(tmp_path: Path, labels: str) -> None:
    [series] = load(lay_out(tmp_path, labels, WINDOWS))

    assert (series.name, len(series.values)) == ("made/up.csv", ROWS)
    assert series.windows == [(290, 320)]


def test_a_folder_without_labels_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"windows\.json"):
        load(tmp_path)


def test_a_series_without_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"made/up\.csv"):
        load(lay_out(tmp_path, "windows.json", {}))


def test_a_window_between_rows_is_refused(tmp_path: Path) -> None:
    astray = {"made/up.csv": [["2026-03-01 00:01:00", STAMPS[320]]]}

    with pytest.raises(CorpusError, match="no row at 2026-03-01 00:01"):
        load(lay_out(tmp_path, "windows.json", astray))


def test_a_series_can_begin_later() -> None:
    series = Series("a/b.csv", ["x", "y", "z", "w"], [1.0, 2.0, 3.0, 4.0], [(0, 1), (1, 2), (3, 3)])

    later = series.from_row(2)

    assert (later.timestamps, later.values) == (["z", "w"], [3.0, 4.0])
    assert later.windows == [(0, 0), (1, 1)]


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks.nab", *map(str, arguments)])
    main()


def test_the_json_line_and_the_result_files_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path / "corpus", "windows.json", WINDOWS)

    run_main(monkeypatch, "--corpus", folder, "--scores-dir", tmp_path / "out", "--json")
    found = json.loads(capsys.readouterr().out)
    path = tmp_path / "out" / "cogentai" / "made" / "cogentai_up.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    scores = [np.array([float(row["anomaly_score"]) for row in rows])]

    assert found["files"] == 1
    assert found["us_per_point"] > 0
    assert [row["label"] for row in rows[289:322]] == ["0", *["1"] * 31, "0"]
    assert [row["timestamp"] for row in rows] == STAMPS
    corpus = load(folder)
    for name, profile in PROFILES.items():
        expected = Scorer(corpus).score(scores, found["threshold"], profile)
        assert found[name] == pytest.approx(expected, abs=0.01)
    assert found["standard"] > 80  # the burst is found


def test_a_wrong_folder_ends_with_an_explanation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run_main(monkeypatch, "--corpus", tmp_path, "--json")

    assert end.value.code == 2
    assert "windows.json" in capsys.readouterr().err


def peer_scores(name: str) -> np.ndarray:
    values = [10.0 + i % 7 for i in range(ROWS)]
    values[350] = 200.0
    return Run(name, PEERS[name], [Series("a/b.csv", STAMPS, values, [])], lambda: None).scores[0]


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_scores_every_row_on_nabs_scale(name: str) -> None:
    scores = peer_scores(name)

    assert scores.shape == (ROWS,)
    assert 0 <= scores.min() < scores.max() < 1


@pytest.mark.parametrize("name", ["EWMA z", "mean + k sigma, 24 h"])
def test_a_distance_from_the_mean_is_greatest_at_a_jump(name: str) -> None:
    assert peer_scores(name)[300:].argmax() == 50


@pytest.fixture(scope="module")
def corpus() -> list[Series]:
    return load(_folder())


def _folder() -> Path:
    if "COGENT_NAB" not in os.environ:
        pytest.skip("COGENT_NAB names no corpus")
    return Path(os.environ["COGENT_NAB"])


@pytest.mark.parametrize("detector", results.PUBLISHED[31])
def test_stored_results_score_as_by_nabs_own_runner(detector: str, corpus: list[Series]) -> None:
    scorer = Scorer(corpus)
    scores = results.stored(_folder(), detector, corpus)

    found = [scorer.best(scores, profile).score for profile in PROFILES.values()]

    assert found == pytest.approx(results.PUBLISHED[len(corpus)][detector], abs=0.1)


def test_controls_score_near_zero_on_the_corpus(corpus: list[Series]) -> None:
    scorer, rng = Scorer(corpus), np.random.default_rng(1)
    standard = PROFILES["standard"]

    always = scorer.best([np.ones(len(s.values)) for s in corpus], standard)
    random = scorer.best([rng.random(len(s.values)) for s in corpus], standard)

    assert always.score == 0
    assert random.score < 20


def test_the_generic_detector_keeps_its_score(corpus: list[Series]) -> None:
    """A floor, two points under what was measured: the gate against slow decay."""
    if len(corpus) != 31:
        pytest.skip("the floor was measured on the half of 31 files")
    run = Run("cogentai", generic(), corpus, lambda: None)

    row = run.rated(Scorer(corpus), 0.5)

    assert row.scores["standard"] >= 75.8
    assert row.scores["low_fp"] >= 70.6
    assert best_threshold(Scorer(corpus), run.scores) == pytest.approx(0.5, abs=0.05)
