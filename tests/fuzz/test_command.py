"""The command, with coverage guiding it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris")


def fuzz(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_it_counts_executions_edges_and_the_slowest(tmp_path: Path):
    ran = fuzz("event", "--runs", 500, "--folder", tmp_path)
    assert ran.returncode == 0, ran.stderr
    row = next(line for line in ran.stdout.splitlines() if "event" in line)
    executions, _, edges, slowest, crashes = row.strip("│ ").split("│")[1:]
    assert executions.strip() == "500"
    assert int(edges) > 20
    assert float(slowest) > 0
    assert int(crashes) == 0
    assert list((tmp_path / "event").glob("slow-*"))


def test_an_unknown_target_is_named():
    ran = fuzz("nonsense")
    assert ran.returncode == 2
    assert "nonsense" in ran.stderr


def test_an_input_is_given_again(tmp_path: Path):
    (tmp_path / "input").write_bytes(b"{}")
    ran = fuzz("event", "--input", tmp_path / "input")
    assert (ran.returncode, "handled as documented" in ran.stdout) == (0, True)
