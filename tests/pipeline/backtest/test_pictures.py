from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from detectors.columns import Windows
from pipeline.backtest.pictures import COLOURS, Album, draw, save
from pipeline.engine.calendar import instant
from pipeline.engine.emissions import ClosedWindow, FlowKey
from schemas.alerts import Alert
from tests.make import MONDAY
from tests.pipeline.backtest.make import ORDERS, STOCK, closed

HOURS = 50


def observed(minute: int, **values: float) -> ClosedWindow:
    window = closed(minute, [ORDERS, STOCK], **dict.fromkeys(values, 0.0))
    verdicts = {
        signal: v._replace(
            **{name: np.full(2, at) for name in ("observed", "expected", "lower", "upper")}
        )
        for (signal, v), at in zip(window.verdicts.items(), values.values(), strict=True)
    }
    return ClosedWindow(
        window.start, 60, window.flows, Windows(*window.windows), verdicts, window.learning
    )


@pytest.fixture(scope="module")
def album() -> Album:
    album = Album()
    for minute in range(HOURS * 60):
        album.add(observed(minute, volume=2.0, errors=np.nan, silence=1.0))
    return album


def alert(signal: str, hour: int, flow: FlowKey = ORDERS) -> Alert:
    start = instant(MONDAY + 3600 * hour)
    return Alert(
        id=f"{signal}{hour}", fingerprint="f", status="resolved", revision=1, severity="warning",
        tenant=flow.tenant, flow_id=flow.flow_id, signal=signal, starts_at=start,
        updated_at=start + timedelta(minutes=40), ends_at=start + timedelta(minutes=10), score=2.0,
        summary="Orders <has> stopped", explanation="", next_step="", evidence=(),
    )  # fmt: skip


def test_minutes_are_gathered_into_points_over_all_days(album: Album):
    track = album.tracks()[ORDERS, "volume"]

    assert len(track.times) == HOURS * 4
    assert set(track.observed) == {30.0}


def test_windows_wider_than_a_point_are_drawn_as_they_are():
    assert (Album(3600).point, Album(60).point) == (3600, 900)


def test_a_signal_without_data_has_no_track(album: Album):
    assert {signal for _, signal in album.tracks()} == {"volume", "silence"}


def test_a_signal_has_a_panel_when_it_alarmed(album: Album):
    tracks = {signal: t for (flow, signal), t in album.tracks().items() if flow == ORDERS}

    assert len(draw(ORDERS, tracks, [], 15).axes) == 1
    assert len(draw(ORDERS, tracks, [alert("silence", 9)], 15).axes) == 2


def test_alerts_are_shaded_by_signal_and_wide_enough_to_be_seen(album: Album):
    tracks = {signal: t for (flow, signal), t in album.tracks().items() if flow == ORDERS}
    (axes,) = draw(ORDERS, tracks, [alert("volume", 9)], 15).axes
    (shade,) = axes.patches

    assert shade.get_facecolor()[:3] == pytest.approx(
        tuple(int(COLOURS["volume"][i : i + 2], 16) / 255 for i in (1, 3, 5))
    )
    first, last = axes.get_xlim()
    assert shade.get_extents().width / axes.bbox.width == pytest.approx(
        max(10 / 1440 / (last - first), 0.003), rel=0.01
    )


def test_every_flow_has_a_picture_and_a_page_shows_them_all(album: Album, tmp_path: Path):
    page = save(album, [alert("volume", 9)], tmp_path / "pictures")

    text = page.read_text()
    names = sorted(path.name for path in page.parent.glob("*.png"))
    assert names == ["000-acme-orders.png", "001-acme-stock.png"]
    assert all(f'src="{name}"' in text for name in names)
    assert "acme:orders: 1 alert" in text
    assert "Orders &lt;has&gt; stopped" in text
    assert imread(page.parent / names[0]).shape[1] == 1540
