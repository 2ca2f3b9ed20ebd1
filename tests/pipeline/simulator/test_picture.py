"""The picture: a panel for each track, trouble shaded, alerts marked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread

from pipeline.engine.emissions import FlowKey
from pipeline.simulator.picture import ALERT, FAULT, OBSERVED, Heading, Mark, Row, Shade, draw, save
from pipeline.simulator.tracks import Track

from .tiny_engine import START

FLOW = FlowKey("acme", "orders")
FAULT_AT, FAULT_END = START + timedelta(hours=2), START + timedelta(hours=3)
FALSE_AT = START + timedelta(hours=7)


def track(signal: str) -> Track:
    times = START.timestamp() + 60.0 * np.arange(480)
    level = np.full(480, 2000.0)
    return Track(FLOW, signal, times, level, level, 0.8 * level, 1.2 * level)


ROWS = [
    Row(
        "Orders: Shopify to NetSuite",
        [track("volume"), track("latency")],
        [Shade(FAULT_AT, FAULT_END, "latency step, found after 3 min")],
        [Mark(FAULT_AT + timedelta(minutes=3)), Mark(FALSE_AT, hollow=True, words="false alarm")],
    ),
    Row("Stock: Peoplevox to Shopify", [track("volume")]),
]


@pytest.fixture
def figure() -> Figure:
    return draw(ROWS, Heading("A day of Acme", "two flows"))


def words_of(axes: Axes) -> set[str]:
    return {text.get_text() for text in axes.texts}


def shaded(axes: Axes) -> list[tuple[float, float]]:
    return [
        (patch.get_x() * 86_400, (patch.get_x() + patch.get_width()) * 86_400)
        for patch in axes.patches
        if to_hex(patch.get_facecolor()) == FAULT.lower()
    ]


def marks(axes: Axes) -> list[tuple[float, str]]:
    return [
        (line.get_xdata()[0] * 86_400, to_hex(line.get_markerfacecolor()))
        for line in axes.lines
        if line.get_marker() == "v"
    ]


def test_every_track_has_its_panel_and_all_share_the_axis_of_time(figure: Figure):
    assert len(figure.axes) == 3
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_every_panel_has_observed_and_expected_lines_and_a_range(figure: Figure):
    for axes in figure.axes:
        colours = {to_hex(line.get_color()) for line in axes.lines}
        assert OBSERVED.lower() in colours
        assert len(axes.lines) >= 2
        assert len(axes.collections) == 1


def test_a_fault_is_shaded_in_all_panels_of_its_flow_and_no_other(figure: Figure):
    when = pytest.approx((FAULT_AT.timestamp(), FAULT_END.timestamp()), abs=0.1)
    assert [shaded(axes) for axes in figure.axes] == [[when], [when], []]


def test_alerts_are_marked_at_their_minute_and_false_ones_are_hollow(figure: Figure):
    found, false = marks(figure.axes[0])
    assert found == (
        pytest.approx((FAULT_AT + timedelta(minutes=3)).timestamp(), abs=0.1),
        ALERT.lower(),
    )
    assert false == (pytest.approx(FALSE_AT.timestamp(), abs=0.1), "#ffffff")
    assert marks(figure.axes[1]) == marks(figure.axes[2]) == []


def test_flows_faults_and_false_alarms_are_named(figure: Figure):
    assert words_of(figure.axes[0]) >= {
        "Orders",
        "Shopify to NetSuite",
        "latency step, found after 3 min",
        "false alarm",
    }


def test_the_picture_says_what_it_shows(figure: Figure):
    assert [text.get_text() for text in figure.texts] == ["A day of Acme", "two flows"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "observed", "expected", "ordinary range", "fault", "alert", "false alarm",
    ]  # fmt: skip


def test_counts_are_drawn_for_a_stretch_and_latency_in_seconds(figure: Figure):
    volume, latency = figure.axes[:2]
    assert volume.get_ylabel() == "runs\nin 15 min"
    assert max(volume.lines[1].get_ydata()) == 15 * 2000
    assert max(latency.lines[1].get_ydata()) == 2


def test_a_picture_without_faults_has_none_in_it():
    (axes,) = draw([ROWS[1]], Heading("A backtest"), minutes=60).axes
    assert axes.get_ylabel() == "runs\nin 60 min"
    assert shaded(axes) == marks(axes) == []


def test_it_is_saved_as_a_png_in_a_new_directory(tmp_path: Path):
    path = tmp_path / "new" / "picture.png"
    save(ROWS, path, Heading("A day of Acme"))
    height, width, _ = imread(path).shape
    assert width == 1540
    assert height > 300
