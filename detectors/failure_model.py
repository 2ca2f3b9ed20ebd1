"""The probability of an outage soon, learned from the symptoms that show now.

A river logistic regression, one for all flows of a partition: outages are too rare to learn from
a single flow. Its weights begin as a plain sum of symptoms, which alone ranks nearly as well as
anything learned (detection notes, failure score).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from river import linear_model, optim

from detectors.columns import Bools, Floats, Reals
from detectors.symptoms import SYMPTOMS

PRIOR: Final = 0.15
"""Weight of a symptom before any failure was seen: most are shared by outages and false alarms."""
BASE_LOGIT: Final = -6.0
"""Logarithm of the odds of failure where nothing is wrong, to begin with: once in three weeks."""
HINGE: Final = 1.0
"""Nats that any symptom reaches by chance now and then: only more than that counts. Without it the
ranking is as good, but small probabilities are less true (benchmarks/forecast, two seeds)."""
SCALE: Final = 0.3
"""Evidence is learned in these units, so that the steps of AdaGrad (0.1) suit it."""
KEEP_ONE_IN: Final = 16
"""Of examples that no failure followed one in so many is learned, with as much weight. Learning
all of them changed the average precision by .01 (benchmarks/forecast, two seeds)."""


def evidence(strength: Reals) -> Floats:
    """What of the strength of symptoms counts, as the model is fed.

    >>> evidence(np.array([0.4, 3.0]))
    array([0. , 0.6])
    """
    return SCALE * np.maximum(strength - HINGE, 0)


class FailureModel:
    """The probability of failure from symptoms, learned by river; without any, the base rate.

    Examples
    --------
    >>> model = FailureModel()
    >>> calm = np.zeros((len(SYMPTOMS), 1))
    >>> model.probability(calm)
    array([0.0025])
    """

    def __init__(self) -> None:
        self.failures = 0
        self.regression = linear_model.LogisticRegression(
            optim.AdaGrad(0.1), intercept_init=BASE_LOGIT
        )
        prior = np.full(len(SYMPTOMS), PRIOR / SCALE)
        # squared gradients start at 1, so that the prior is not washed away by the first examples
        self._write(prior, np.ones(len(SYMPTOMS)))

    @property
    def base(self) -> float:
        """The probability of failure without any symptom."""
        return float(1 / (1 + np.exp(-self.regression.intercept)))

    def contributions(self, strength: Reals) -> Floats:
        """What each symptom adds to the logit, of the same shape (symptoms, rows)."""
        shares: Floats = self._weights[:, None] * evidence(strength)
        return shares

    def probability(self, strength: Reals) -> Floats:
        """The probability of failure soon, shape (rows,).

        Added up in a fixed order, so that it does not depend on how many rows there are.
        """
        logit = sum(self.contributions(strength), np.full(strength.shape[1], self._intercept()))
        probability: Floats = 1 / (1 + np.exp(-logit))
        return probability

    def learn(self, strength: Floats, failed: Bools) -> None:
        """Learn examples, strengths of shape (symptoms, examples), one after the other."""
        for column, outcome in zip(evidence(strength).T.tolist(), failed.tolist(), strict=True):
            x = dict(zip(SYMPTOMS, column, strict=True))
            self.regression.learn_one(x, outcome, w=1 if outcome else KEEP_ONE_IN)
        learned = self.regression.weights
        self._weights = np.array([learned[name] for name in SYMPTOMS])

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything learned, as arrays."""
        squares = self.regression.optimizer.g2
        scalars = (self._intercept(), self.regression.optimizer.n_iterations, self.failures)
        return {
            "weights": self._weights.copy(),
            "squares": np.array([squares[name] for name in SYMPTOMS]),
            "scalars": np.array(scalars, np.float64),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` gave."""
        intercept, iterations, failures = state["scalars"].tolist()
        self.regression.intercept, self.failures = intercept, int(failures)
        self.regression.optimizer.n_iterations = int(iterations)
        self._write(state["weights"], state["squares"])

    def _intercept(self) -> float:
        return float(self.regression.intercept)

    def _write(self, weights: Floats, squares: Floats) -> None:
        self._weights = weights.copy()
        self.regression._weights.update(  # noqa: SLF001 - river has no way to set weights
            dict(zip(SYMPTOMS, weights.tolist(), strict=True))
        )
        self.regression.optimizer.g2.update(zip(SYMPTOMS, squares.tolist(), strict=True))
