"""Any anomaly model of river, named by the user, on the engine's score scale."""

from __future__ import annotations

import importlib
import inspect
import io
import math
import pickle
from collections.abc import Mapping
from typing import Any, Final

from river.base import AnomalyDetector, SupervisedAnomalyDetector  # type: ignore[attr-defined,unused-ignore]

from detectors.generic.record import Extremes
from detectors.generic.remembered import Remembered
from detectors.generic.tail import Tail

RARE: Final = 4.0
"""A score is 1 where the model's own is rarer than 1 in 10,000: about once in a week of minutes."""
SETTLING: Final = 500
"""Values before the model's scores count: river's models fill windows of 250 first."""

_PLAIN: Final = {
    "builtins": {"tuple", "list", "dict", "set", "frozenset", "int", "float"},
    "collections": {"defaultdict", "deque", "OrderedDict", "Counter"},
    "functools": {"partial"},
    "random": {"Random"},
}
"""What states of river's models hold besides classes of river."""


class RiverModelError(ValueError):
    """A model that cannot be used. ``field`` is ``model`` or ``params``."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field


class RiverModel(Remembered):
    """A river anomaly detector fed with one number, and its score's tail.

    Most of river's models want numbers between 0 and 1, so they get the place of a value in the
    range so far; models that look at a target get the value itself. A model that draws random
    numbers gets a fixed seed, unless ``params`` name another.

    Parameters
    ----------
    model
        Dotted name, such as ``river.anomaly.HalfSpaceTrees``.
    params
        Keyword arguments of the model.

    Raises
    ------
    RiverModelError
        If there is no such model, it is no anomaly detector, or it cannot be built or kept.

    Examples
    --------
    >>> model = RiverModel("river.anomaly.GaussianScorer", {})
    >>> for i in range(1000):
    ...     model.learn(i % 10)
    >>> model.score(5), model.score(20) > 0
    (0.0, True)
    """

    remembers = ("extremes", "tail", "kept")

    def __init__(self, model: str, params: Mapping[str, Any]) -> None:
        self.extremes, self.tail = Extremes(), Tail()
        self._model = _built(river_class(model), params)
        try:
            self.kept = self.kept
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise RiverModelError("model", f"cannot be kept in a snapshot: {error}") from None

    @property
    def kept(self) -> bytes:
        """The model's own state."""
        return pickle.dumps(self._model)

    @kept.setter
    def kept(self, raw: bytes) -> None:
        self._model = _Reader(io.BytesIO(raw)).load()

    def score(self, value: float) -> float:
        """Return how anomalous a value is (above 1: anomalous), without learning from it."""
        return self.tail.rarity(self._own(value)) / RARE

    def learn(self, value: float) -> None:
        """Learn from a value."""
        if self.extremes.count >= SETTLING:
            self.tail.learn(self._own(value))
        self.extremes.learn(value)
        if isinstance(self._model, SupervisedAnomalyDetector):
            self._model.learn_one({}, value)
        else:
            self._model.learn_one(self._features(value))

    def _own(self, value: float) -> float:
        if isinstance(self._model, SupervisedAnomalyDetector):
            score = self._model.score_one({}, value)
        else:
            score = self._model.score_one(self._features(value))
        return float(score) if math.isfinite(score) else 0.0

    def _features(self, value: float) -> dict[str, float]:
        low, high = min(self.extremes.low, value), max(self.extremes.high, value)
        return {"value": (value - low) / (high - low) if high > low else 0.0}


class _Reader(pickle.Unpickler):
    """Reads models of river and nothing else: a snapshot must stay harmless to read."""

    def find_class(self, module: str, name: str) -> Any:
        plain = name in _PLAIN.get(module, ())
        if plain or (module.startswith("river.") and "." not in name):
            found = super().find_class(module, name)
            if plain or (isinstance(found, type) and found.__module__.startswith("river.")):
                return found
        raise pickle.UnpicklingError(f"a state of river's models holds no {module}.{name}")


def river_class(path: str) -> type:
    """Return an anomaly detector of river by its dotted name.

    Raises
    ------
    RiverModelError
        If there is none.
    """
    module, _, name = path.rpartition(".")
    if not module.startswith("river."):
        raise RiverModelError("model", "must begin with 'river.', as river.anomaly.HalfSpaceTrees")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise RiverModelError("model", f"names {path}, which river does not have") from None
    kinds = (AnomalyDetector, SupervisedAnomalyDetector)
    if not isinstance(found, type) or not issubclass(found, kinds):
        raise RiverModelError("model", f"names {path}, which is no anomaly detector")
    return found


def _built(model: type, params: Mapping[str, Any]) -> Any:
    seeded = "seed" in inspect.signature(model).parameters
    try:
        return model(**({"seed": 1} if seeded else {}) | dict(params))
    except Exception as error:  # noqa: BLE001 - whatever a model makes of wrong arguments
        raise RiverModelError("params", f"do not build {model.__name__}: {error}") from None
