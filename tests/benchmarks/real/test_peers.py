from __future__ import annotations

import numpy as np
import pytest

from benchmarks.real.peers import PEERS, Peer

PER_DAY = 48
DAYS = 15


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Half-hours with a daily rhythm."""
    time = np.arange(DAYS * PER_DAY)
    noise = np.random.default_rng(2).normal(size=len(time))
    return 100 + 30 * np.sin(2 * np.pi * time / PER_DAY) + noise


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_a_peer_scores_a_spike_above_all_else(peer: Peer, values: np.ndarray):
    spiky = values.copy()
    spiky[-20] = 400
    score = peer(spiky, PER_DAY)

    assert np.nanargmax(score) == len(values) - 20


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_a_peer_does_not_look_ahead(peer: Peer, values: np.ndarray):
    changed = values.copy()
    changed[500:] = 7
    before, after = peer(values, PER_DAY), peer(changed, PER_DAY)

    np.testing.assert_allclose(before[:500], after[:500])


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_a_missing_window_has_no_score_and_does_no_harm(peer: Peer, values: np.ndarray):
    gappy = values.copy()
    gappy[600:610] = np.nan
    score = peer(gappy, PER_DAY)

    assert np.isnan(score[600:610]).all()
    assert np.isfinite(score[611:]).any()
