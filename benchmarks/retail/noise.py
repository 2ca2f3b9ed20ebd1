"""Chance: levels that wander, counts that scatter, rates that vary."""

from __future__ import annotations

import zlib

import numpy as np
from scipy.signal import lfilter

from detectors.columns import Floats, Ints

Rng = np.random.Generator


def dice(world: str, seed: int, *path: int) -> Rng:
    """Return random numbers of their own for each part of a world: one does not move another."""
    entropy = [zlib.crc32(world.encode()), seed]
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=path))


def wander(minutes: int, rng: Rng, phi: float = 0.985, sd: float = 0.02) -> Floats:
    """AR(1): a log level that strays from zero and comes back (detection notes, section 4.1).

    Examples
    --------
    >>> float(wander(1_000_000, np.random.default_rng(1)).std())
    0.116
    """
    steps = rng.normal(0.0, sd, minutes)
    steps[0] /= np.sqrt(1 - phi**2)  # begin anywhere it may be, not at zero
    level: Floats = lfilter([1.0], [1.0, -phi], steps)
    return level


def scattered(mean: Floats, k: float, rng: Rng) -> Ints:
    """Negative-binomial counts with variance mean + mean^2 / k."""
    return rng.poisson(mean * rng.gamma(k, 1 / k, len(mean)))


def rounded(mean: Floats, rng: Rng) -> Ints:
    """Whole numbers that are the mean on average, and never one or more away from it."""
    return np.floor(mean + rng.random(len(mean))).astype(np.int64)


def some(of: Ints, rate: Floats, rng: Rng, alike: float = 200.0) -> Ints:
    """How many of so many are hit: binomial with a beta rate, as trouble comes in company.

    ``alike`` is the sum of the beta's parameters: the larger, the steadier the rate.
    """
    rate = np.clip(rate, 1e-9, 1 - 1e-9)
    return rng.binomial(of, rng.beta(alike * rate, alike * (1 - rate)))


def rough(minutes: int, rng: Rng) -> Floats:
    """Two-part noise with a mean of about 1: most minutes scatter a little, one in 50 a lot."""
    wide = rng.random(minutes) < 0.02
    factor: Floats = np.exp(rng.normal(0.0, np.where(wide, 0.45, 0.12)))
    return factor


def switching(on: Floats, off: float, rng: Rng) -> Floats:
    """1 while on, 0 while off: a process that switches on and off with these chances a minute."""
    chance = rng.random(len(on))
    state, states = False, np.zeros(len(on))
    for minute, (switches, draw) in enumerate(zip(on.tolist(), chance.tolist(), strict=True)):
        state = draw > off if state else draw < switches
        states[minute] = state
    return states
