"""Models of river by name: on one scale, kept exactly, and refused with a reason."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from detectors.river_model import RiverModel, RiverModelError
from pipeline.engine.snapshot import dump, load

MODELS = [
    "river.anomaly.HalfSpaceTrees",
    "river.anomaly.GaussianScorer",
    "river.anomaly.OneClassSVM",
    "river.anomaly.StandardAbsoluteDeviation",
]
VALUES = np.random.default_rng(2).normal(50, 5, 2000).tolist()


def scores(model: RiverModel, values: list[float]) -> list[float]:
    found = []
    for value in values:
        found.append(model.score(value))
        model.learn(value)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_restored_model_has_the_same_future(name: str) -> None:
    first, second = RiverModel(name, {}), RiverModel(name, {})
    scores(first, VALUES[:1200])

    second.restore(load(dump(first.state())))

    assert scores(second, VALUES[1200:]) == scores(first, VALUES[1200:])


@pytest.mark.parametrize("name", MODELS)
def test_noise_hardly_ever_scores_above_one(name: str) -> None:
    found = scores(RiverModel(name, {}), VALUES)

    assert all(0 <= score <= 1.5 for score in found)
    assert sum(score > 1 for score in found) <= 2


def test_a_value_far_out_scores_above_one() -> None:
    model = RiverModel("river.anomaly.StandardAbsoluteDeviation", {})
    scores(model, VALUES)

    assert model.score(90.0) > 1


def test_a_model_draws_the_same_numbers_every_time() -> None:
    name = "river.anomaly.HalfSpaceTrees"

    assert scores(RiverModel(name, {}), VALUES) == scores(RiverModel(name, {}), VALUES)
    assert scores(RiverModel(name, {"seed": 9}), VALUES) != scores(RiverModel(name, {}), VALUES)


@pytest.mark.parametrize(
    ("model", "params", "field"),
    [
        ("os.path.join", {}, "model"),
        ("river.anomaly.NoSuchThing", {}, "model"),
        ("river.no_such_module.Model", {}, "model"),
        ("river.linear_model.LinearRegression", {}, "model"),
        ("river.anomaly.QuantileFilter", {}, "model"),
        ("river.anomaly.HalfSpaceTrees", {"n_treez": 3}, "params"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(
    model: str, params: dict[str, int], field: str
) -> None:
    with pytest.raises(RiverModelError, match=f"^{field} ") as refused:
        RiverModel(model, params)

    assert refused.value.field == field


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def test_a_state_that_holds_anything_but_river_is_not_read() -> None:
    model = RiverModel(MODELS[0], {})
    state = model.state() | {"kept": pickle.dumps(_Evil())}

    with pytest.raises(pickle.UnpicklingError, match="system"):
        model.restore(state)
