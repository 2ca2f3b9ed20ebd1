"""The Grafana dashboard, written down: ``python -m deploy.grafana.dashboard`` renders it.

Classic dashboard JSON, which Grafana 11 to 13 all take. The rendered file is committed; a test
fails when it no longer matches.
"""  # noqa: INP001 - deployment files are no package

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.grafana import engine, flow, overview
from deploy.grafana.parts import FLOW, RED, SOURCE, TENANT, UID, Json, placed, row

FILE = Path(__file__).parent / "dashboards" / "cogentai.json"


def dashboard() -> Json:
    """Return the whole dashboard."""
    return {
        "uid": UID,
        "title": "CogentAI: flows",
        "description": "What every integration flow does, what it should do, and what is wrong.",
        "tags": ["cogentai"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # the crosshair is shared: one moment, seen in every panel
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "links": [],
        "templating": {"list": _variables()},
        "annotations": {"list": [_alerts()]},
        "panels": list(placed(_rows())),
    }


def _rows() -> Iterator[tuple[int, list[Json]]]:
    yield 4, overview.headline()
    yield 1, [row("Alerts")]
    yield 8, [overview.alert_timeline(), overview.alerts_per_flow()]
    yield 1, [row("All flows")]
    yield 10, [overview.flow_table()]
    yield 1, [row("${flow:text}", repeat="flow")]
    yield 9, [flow.volume(), flow.scores()]
    yield 8, [flow.errors(), flow.latency(), flow.queue(), flow.failure()]
    yield 1, [row("The engine itself")]
    yield 7, [engine.events(), engine.watermarks(), engine.lag()]
    yield 7, [engine.put_aside(), engine.commits(), engine.memory()]


def _variables() -> list[Json]:
    everyone = {"text": ["All"], "value": ["$__all"]}
    flows = f"max by (flow_id, flow_name) (cogentai_flow_info{{{TENANT}}})"
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        _variable("tenant", "label_values(cogentai_flow_info, tenant)")
        | {"includeAll": True, "allValue": ".*", "current": everyone},
        # No "All": each flow chosen repeats a row of panels, and there may be hundreds.
        _variable("flow", f"query_result({flows})")
        | {"regex": '/flow_name="(?<text>[^"]+)|flow_id="(?<value>[^"]+)/g'},
    ]


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "multi": True,
        "includeAll": False,
        "refresh": 2,  # whenever the time shown changes
        "sort": 5,  # by name, whatever the case
    }


def _alerts() -> Json:
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": RED,
        "expr": f"max by (flow_id, signal, severity) (cogentai_alerts_firing{{{FLOW}}}) > 0",
        "step": "60s",
        "titleFormat": "{{signal}}",
        "textFormat": "{{severity}} alert of flow {{flow_id}}",
    }


def render() -> str:
    """Return the text of the rendered file."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
