"""A short run of every target with chance fixed, and what was once found."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.execution import Fault, Tally, measured
from tests.fuzz.mutation import Mutator
from tests.fuzz.seeds import FOUND, found
from tests.fuzz.targets import NAMES, load

RUNS = 400
FOUND_INPUTS = [(name, path) for name in NAMES for path in found(name)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_nearly_right_is_handled_as_documented(name: str):
    assert short_run(name).faults == {}


def short_run(name: str) -> Tally:
    target, rng, tally = load(name), Random(1), Tally()
    seeds = target.seeds()
    for seed in seeds:
        assert measured(target.check, seed)[1] is None
    mutator = Mutator(seeds, target.words)
    inputs = list(seeds)
    for _ in range(RUNS):
        raw = mutator.mutated(rng.choice(inputs), target.longest, rng)
        inputs.append(raw)
        tally.execute(target.check, raw)
    return tally


@pytest.mark.parametrize(("name", "path"), FOUND_INPUTS, ids=[p.name for _, p in FOUND_INPUTS])
def test_what_was_once_found_stays_mended(name: str, path: Path):
    assert measured(load(name).check, path.read_bytes())[1] is None


def test_every_input_that_was_found_belongs_to_a_target():
    assert {path.name for path in FOUND.glob("*")} <= set(NAMES)


def test_the_same_chance_gives_the_same_inputs():
    mutator = Mutator([b'{"a": [1, "x"]}', b"[2]"], [b"word"])
    one, other = (
        [mutator.mutated(b'{"b": 1}', 64, Random(seed)) for seed in range(50)] for _ in range(2)
    )
    assert one == other
    assert len(set(one)) > 25
    assert max(map(len, one)) <= 64


def test_a_crash_is_kept_once_for_each_place():
    def check(raw: bytes) -> None:
        assert raw != b"a", "not this"
        int(raw)

    tally = Tally()
    for raw in (b"a", b"a", b"b", b"7"):
        tally.execute(check, raw)
    assert tally.executions == 4
    assert sorted(f.raw for f in tally.faults.values()) == [b"a", b"b"]
    assert all(isinstance(f, Fault) and "Error" in f.story for f in tally.faults.values())


def test_an_input_that_takes_long_each_time_is_a_stall():
    tally = Tally()
    tally.execute(lambda _: burn(0.15), b"slow")
    assert list(tally.faults) == ["stall"]
    assert tally.slowest_ms > 100


def test_an_input_that_took_long_once_is_none():
    first = iter([0.15])
    tally = Tally()
    tally.execute(lambda _: burn(next(first, 0)), b"first")
    assert tally.faults == {}


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
