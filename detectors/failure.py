"""Failure ahead: what the other signals show now, as the probability of an outage soon.

A river logistic regression over evidence of the last quarter of an hour and the last hour, one
for all flows of a partition: outages are too rare to learn from a single flow. Its weights begin
as a plain sum of hinges, which alone ranks nearly as well (detection notes, failure score).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river import compose, linear_model, optim

from detectors.columns import Bools, Floats, Ints, Verdict
from detectors.seasonality import slot_of
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column

SIGNALS: Final = ("volume_high", "volume_low", "errors", "missing", "latency", "backlog")
"""The kinds of evidence looked at."""
RECENT: Final = tuple(f"{signal}_15m" for signal in SIGNALS)
LASTING: Final = tuple(f"{signal}_60m" for signal in SIGNALS)
PAIRS: Final = tuple(combinations(RECENT, 2))
FEATURES: Final = (*RECENT, *LASTING, *(f"{a}*{b}" for a, b in PAIRS))

HINGE: Final = 2.0
"""Severity (-log10 of rarity) from which evidence counts: the 99 % quantile of the flow."""
CAP: Final = 6.0
"""Evidence beyond this much over the hinge says no more."""
HORIZON: Final = 6
"""Blocks of five minutes in which a failure is looked for: half an hour."""
QUARTER, HOUR = 3, 12
ENOUGH: Final = 5
"""Failures seen before the score speaks."""
KEEP_ONE_IN: Final = 4
"""Of examples with evidence but no failure, this share is learned, with as much more weight."""
SPAN: Final = 60


def with_products(x: Mapping[str, float]) -> dict[str, float]:
    """Add the product of each pair of recent evidence: two symptoms say more than their sum."""
    return {**x, **{f"{a}*{b}": x[a] * x[b] for a, b in PAIRS}}


class FailureModel:
    """The probability of failure from features, learned by river; 0 features give the base rate.

    Parameters
    ----------
    prior
        Weight of each evidence before any failure was seen.
    base_logit
        Logarithm of the odds of failure where nothing is wrong, to begin with.

    Examples
    --------
    >>> model = FailureModel()
    >>> calm = np.zeros((len(FEATURES), 1))
    >>> model.probability(calm)
    array([0.0025])
    """

    def __init__(self, prior: float = 0.8, base_logit: float = -6.0) -> None:
        self.failures = 0
        self.regression = linear_model.LogisticRegression(
            optim.AdaGrad(0.1), intercept_init=base_logit
        )
        self.pipeline = compose.FuncTransformer(with_products) | self.regression
        single = len(RECENT) + len(LASTING)
        self.weights = np.where(np.arange(len(FEATURES)) < single, prior, 0.0)
        # squared gradients start at 1, so that the prior is not washed away by the first examples
        self._write(self.weights, np.ones(len(FEATURES)))

    def logit_above_base(self, features: Floats) -> Floats:
        """How far evidence lifts the logit of failure, shape (rows,).

        Added up in a fixed order, so that it does not depend on how many rows there are.
        """
        return np.maximum(sum(self.contributions(features), np.zeros(features.shape[1])), 0)

    def contributions(self, features: Floats) -> Floats:
        """Share of each feature in the logit, shape (features, rows)."""
        return self.weights[:, None] * features

    def probability(self, features: Floats) -> Floats:
        """The probability of failure in the next half hour."""
        logit = self.regression.intercept + self.logit_above_base(features)
        probability: Floats = 1 / (1 + np.exp(-logit))
        return probability

    def learn(self, features: Floats, failed: bool, weight: float) -> None:
        """Learn one example: the features of a row, and whether it failed soon after."""
        x = dict(zip(RECENT + LASTING, features.tolist(), strict=False))
        self.pipeline.learn_one(x, failed, w=weight)
        learned = self.regression.weights
        self.weights = np.array([learned[name] for name in FEATURES])

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything learned, as arrays."""
        squares = self.regression.optimizer.g2
        scalars = (self.regression.intercept, self.regression.optimizer.n_iterations, self.failures)
        return {
            "weights": self.weights.copy(),
            "squares": np.array([squares[name] for name in FEATURES]),
            "scalars": np.array(scalars, np.float64),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` gave."""
        intercept, iterations, failures = state["scalars"].tolist()
        self.regression.intercept, self.failures = intercept, int(failures)
        self.regression.optimizer.n_iterations = int(iterations)
        self._write(state["weights"], state["squares"])

    def _write(self, weights: Floats, squares: Floats) -> None:
        self.weights = weights.copy()
        self.regression._weights.update(  # noqa: SLF001 - river has no way to set weights
            dict(zip(FEATURES, weights.tolist(), strict=True))
        )
        self.regression.optimizer.g2.update(zip(FEATURES, squares.tolist(), strict=True))
