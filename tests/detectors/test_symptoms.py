"""Which symptoms are seen, and how soon."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.columns import unknown
from detectors.symptoms import CEILING, IN_WORDS, SYMPTOMS, accumulate, surprise
from schemas.signals import SignalName

USUAL: dict[SignalName, tuple[float, float]] = {
    "errors": (0.5, 2.6), "partial": (0.5, 2.6), "warnings": (0.5, 2.6), "retries": (1.0, 4.0),
    "missing": (0.5, 2.6), "duplicates": (0.1, 1.1), "latency": (1000.0, 1350.0),
    "wait": (200.0, 270.0), "volume": (50.0, 80.0), "backlog": (5.0, 12.0),
}  # fmt: skip
"""Expected, and three standard deviations above."""


def told(**observed: float) -> dict[str, float]:
    """Nats by symptom of a window that is as usual but for what is named; NaN: unknown."""
    verdicts = {
        name: unknown(1)._replace(
            observed=np.array([observed.get(name, expected)]),
            expected=np.array([expected]),
            upper=np.array([upper]),
        )
        for name, (expected, upper) in USUAL.items()
    }
    return dict(zip(SYMPTOMS, surprise(verdicts)[:, 0].tolist(), strict=True))


def test_every_symptom_has_words() -> None:
    assert len(SYMPTOMS) == len(IN_WORDS) == len(told())


def test_an_ordinary_window_speaks_against_every_symptom() -> None:
    assert all(nats < 0 for nats in told().values())


@pytest.mark.parametrize(
    ("symptom", "signal", "value"),
    [
        ("errors", "errors", 4), ("partial", "partial", 4), ("warnings", "warnings", 4),
        ("retries", "retries", 6), ("missing", "missing", 4), ("duplicates", "duplicates", 2),
        ("latency", "latency", 1800), ("wait", "wait", 400), ("volume", "volume", 80),
        ("backlog", "backlog", 12), ("shortage", "volume", 20),
    ],
)  # fmt: skip
def test_a_symptom_shows_in_its_own_signal_alone(symptom: str, signal: str, value: float) -> None:
    nats = told(**{signal: value})
    assert [name for name, each in nats.items() if each > 0] == [symptom]


def test_what_is_unknown_says_nothing() -> None:
    nats = told(**dict.fromkeys(USUAL, np.nan))
    assert set(nats.values()) == {0.0}


def test_strength_builds_up_to_a_ceiling_and_is_soon_over() -> None:
    strength = np.zeros((1, 1))
    for _ in range(10):
        strength = accumulate(strength, np.array([[3.0]]))
    assert strength[0, 0] == CEILING
    for _ in range(4):
        strength = accumulate(strength, np.array([[-3.0]]))
    assert strength[0, 0] == 0
