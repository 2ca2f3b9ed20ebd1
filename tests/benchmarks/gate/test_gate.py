from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.gate.__main__ import main
from benchmarks.gate.checks import BrokenCheckError, Check, Figure, look_up, measure, read

PETSHOP = Check("petshop", "real petshop --corpus {real} --json", at_least={"nowhere": 0.5})


@pytest.mark.parametrize(
    ("measured", "floor", "holds"),
    [(0.5, True, True), (0.49, True, False), (0.51, False, False), (float("nan"), True, False),
     (float("nan"), False, False)],
)  # fmt: skip
def test_a_figure_holds_on_the_right_side_of_its_limit(
    measured: float, *, floor: bool, holds: bool
):
    assert Figure("trade", "recall", measured, 0.5, floor).holds is holds


def test_a_figure_is_looked_up_by_keys_and_places():
    found = {"real": [{"rows": [{"recall at 1": 0.9}, {"recall at 1": None}]}]}

    assert look_up(found, "real.0.rows.0.recall at 1", "aiops") == 0.9
    assert look_up(found, "real.0.rows.1.recall at 1", "aiops") != 0.0


@pytest.mark.parametrize("where", ["cuts.1.recall", "cuts.0.precision", "cuts.x", "cuts"])
def test_a_figure_that_is_not_there_breaks_the_check(where: str):
    with pytest.raises(BrokenCheckError, match="trade: the measurement has no figure"):
        look_up({"cuts": [{"recall": 1}]}, where, "trade")


def test_a_check_says_which_corpus_it_lacks():
    assert PETSHOP.needs({}) == "real"
    assert PETSHOP.needs({"real": Path()}) is None


def test_a_measurement_that_ends_badly_says_why(tmp_path: Path):
    with pytest.raises(BrokenCheckError, match="there is no folder"):
        measure(PETSHOP, {"real": tmp_path})


def test_every_tolerance_names_a_benchmark_and_has_a_limit():
    checks = read()

    assert len({check.name for check in checks}) == len(checks)
    assert all(check.at_least or check.at_most for check in checks)
    assert {check.run.split()[0] for check in checks} <= {"retail", "nab", "real"}


def test_what_cannot_be_measured_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["benchmarks.gate", "nab"])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    assert "nab: not measured, without --nab" in capsys.readouterr().out
