"""The parts dashboards are made of, as plain dictionaries of Grafana's classic dashboard JSON."""  # noqa: INP001 - deployment files are no package

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
Step = tuple[float | None, str]

UID = "cogentai-flows"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TENANT = 'tenant=~"$tenant"'
FLOW = 'tenant=~"$tenant", flow_id=~"$flow"'

GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "#EAB839", "orange", "red", "blue", "#8e8e8e"
LIKELIHOOD: tuple[Step, ...] = ((None, GREEN), (0.2, YELLOW), (0.5, RED))
"""Colours of a probability of failure; from a half on it also raises an alert in Prometheus."""


def flow_max(metric: str, matchers: str = FLOW) -> str:
    """Query a metric of flows, folded over workers: in a hand-over two may show the same flow."""
    return f"max by (tenant, flow_id) ({metric}{{{matchers}}})"


def named(query: str) -> str:
    """Add flow names; what has none (a collector, flows beyond the cap) goes by its id."""
    # topk: a flow renamed in the middle of a hand-over may have two names for a moment.
    names = "topk by (tenant, flow_id) (1, cogentai_flow_info)"
    by_id = f'label_replace({query}, "flow_name", "$1", "flow_id", "(.*)")'
    joined = f"{query} * on (tenant, flow_id) group_left (flow_name) {names}"
    return f"{joined} or on (tenant, flow_id) {by_id}"


def target(query: str, legend: str, ref: str = "A") -> Json:
    """Return a query over the time shown."""
    return {
        "refId": ref,
        "datasource": SOURCE,
        "expr": query,
        "legendFormat": legend,
        "range": True,
        "instant": False,
        "format": "time_series",
    }


def instant(query: str, legend: str, ref: str = "A", form: str = "time_series") -> Json:
    """Return a query of the last moment shown."""
    return target(query, legend, ref) | {"range": False, "instant": True, "format": form}


def panel(kind: str, title: str, text: str, targets: list[Json], unit: str = "none") -> Json:
    """Return a panel of any kind; ``text`` explains it."""
    return {
        "type": kind,
        "title": title,
        "description": text,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "options": {},
    }


def series(title: str, text: str, *targets: Json, unit: str = "none") -> Json:
    """Return lines over time."""
    made = panel("timeseries", title, text, list(targets), unit)
    made["fieldConfig"]["defaults"] |= {
        "min": 0,
        "custom": {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 0,
            "showPoints": "auto",
            "pointSize": 3,
            "spanNulls": 300_000,  # a few windows without data are no reason to break the line
        },
    }
    made["options"] = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return made


def stat(title: str, text: str, query: str, *steps: Step, unit: str = "none") -> Json:
    """Return one number, coloured by its steps."""
    made = panel("stat", title, text, [target(query, title)], unit)
    made["fieldConfig"]["defaults"] |= {"thresholds": thresholds(*(steps or ((None, BLUE),)))}
    made["options"] = {
        "colorMode": "background" if steps else "value",
        "graphMode": "area",
        "reduceOptions": LAST,
    }
    return made


LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def row(title: str, repeat: str | None = None) -> Json:
    """Return the heading of the panels below it, repeated for each value of a variable."""
    heading: Json = {"type": "row", "title": title, "collapsed": False, "panels": []}
    return heading | ({"repeat": repeat} if repeat else {})


def thresholds(*steps: Step) -> Json:
    """Return the colours that begin at each value."""
    return {
        "mode": "absolute",
        "steps": [{"value": value, "color": colour} for value, colour in steps],
    }


def fixed(colour: str) -> Json:
    """Return one colour, whatever the value."""
    return {"color": {"mode": "fixed", "fixedColor": colour}}


def override(name: str, properties: Json) -> Json:
    """Return how the series or column of that name differs from the others."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": id_, "value": value} for id_, value in properties.items()],
    }


def placed(rows: Iterable[tuple[int, list[Json]]]) -> Iterator[Json]:
    """Lay panels out in rows of a given height, sharing the 24 columns evenly, and number them.

    A panel that has a ``gridPos`` keeps its width.
    """
    number = y = 0
    for height, panels in rows:
        x = 0
        for made in panels:
            number += 1
            width = made.get("gridPos", {}).get("w", 24 // len(panels))
            yield made | {"id": number, "gridPos": {"x": x, "y": y, "w": width, "h": height}}
            x += width
        y += height
