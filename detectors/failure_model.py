"""The probability of an outage soon, learned from what the other signals show now.

A river logistic regression, one for all flows of a partition: outages are too rare to learn from
a single flow. Its weights begin as a plain sum of hinges, which alone ranks nearly as well as
anything learned (detection notes, failure score).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from river import compose, linear_model, optim

from detectors.columns import Floats

SIGNALS: Final = {
    "volume_high": "more runs than usual",
    "volume_low": "fewer runs than usual",
    "errors": "failed runs",
    "missing": "missing attributes",
    "latency": "slow runs",
    "backlog": "a growing queue",
}
"""The kinds of evidence looked at, and their words."""
RECENT: Final = tuple(f"{signal}_15m" for signal in SIGNALS)
LASTING: Final = tuple(f"{signal}_60m" for signal in SIGNALS)
PAIRS: Final = tuple(combinations(range(len(RECENT)), 2))
PRODUCTS: Final = tuple(f"{RECENT[i]}*{RECENT[j]}" for i, j in PAIRS)
FEATURES: Final = (*RECENT, *LASTING, *PRODUCTS)
_WORDS: Final = tuple(SIGNALS.values())
IN_WORDS: Final = (
    *(f"{words} in the last 15 minutes" for words in _WORDS),
    *(f"{words} in the last hour" for words in _WORDS),
    *(f"{_WORDS[i]} together with {_WORDS[j]}" for i, j in PAIRS),
)
"""`FEATURES`, for people."""


def with_products(x: Mapping[str, float]) -> dict[str, float]:
    """Add the product of each pair of recent evidence: two symptoms say more than their sum."""
    recent = [x[name] for name in RECENT]
    products = (recent[i] * recent[j] for i, j in PAIRS)
    return {**x, **dict(zip(PRODUCTS, products, strict=True))}


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
    >>> calm = np.zeros((12, 1))
    >>> model.probability(model.logit_above_base(calm))
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

    def contributions(self, evidence: Floats) -> Floats:
        """What each of `FEATURES` adds to the logit: shape (features, rows).

        ``evidence`` has the features without their products, shape (12, rows).
        """
        products = np.stack([evidence[i] * evidence[j] for i, j in PAIRS])
        shares: Floats = self.weights[:, None] * np.concatenate([evidence, products])
        return shares

    def logit_above_base(self, evidence: Floats) -> Floats:
        """How far evidence lifts the logit of failure, shape (rows,).

        Added up in a fixed order, so that it does not depend on how many rows there are.
        """
        lifted: Floats = sum(self.contributions(evidence), np.zeros(evidence.shape[1]))
        return np.maximum(lifted, 0)

    def probability(self, above_base: Floats | float) -> Floats:
        """The probability of failure soon, that far above the base rate."""
        probability: Floats = 1 / (1 + np.exp(-(self.regression.intercept + above_base)))
        return probability

    def learn(self, evidence: Floats, *, failed: bool, weight: float = 1.0) -> None:
        """Learn examples of one outcome, each with a weight: evidence of shape (12, examples)."""
        for column in evidence.T.tolist():
            x = dict(zip(RECENT + LASTING, column, strict=True))
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
