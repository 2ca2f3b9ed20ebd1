"""Panels about all flows: how things stand, what fires, and every flow in one table."""  # noqa: INP001 - deployment files are no package

from __future__ import annotations

from deploy.grafana.parts import (
    BLUE,
    GREEN,
    LAST,
    LIKELIHOOD,
    ORANGE,
    RED,
    TENANT,
    UID,
    YELLOW,
    Json,
    Step,
    fixed,
    flow_max,
    instant,
    named,
    override,
    panel,
    stat,
    target,
    thresholds,
)

NO_ALERT = {"noValue": "No alert in this time"}


def headline() -> list[Json]:
    """Return the numbers to look at first."""
    firing = (
        "sum(max by (tenant, flow_id, signal, severity) (cogentai_alerts_firing{%s})) or vector(0)"
    )
    return [
        stat(
            "Critical alerts", "Firing now.", firing % f'{TENANT}, severity="critical"',
            (None, GREEN), (1, RED),
        ),
        stat("Alerts", "Firing now, of any severity.", firing % TENANT, (None, GREEN), (1, ORANGE)),
        stat(
            "Worst failure score", "Highest predicted probability that a flow is about to fail.",
            f"max(cogentai_failure_probability_ratio{{{TENANT}}})",
            *LIKELIHOOD, unit="percentunit",
        ),
        stat(
            "Flows", "Flows that are watched, as far as they have series of their own.",
            f"count(max by (tenant, flow_id) (cogentai_flow_info{{{TENANT}}}))",
        ),
        stat(
            "Events", "Read from the log.",
            "sum(rate(cogentai_events_total[$__rate_interval]))", unit="eps",
        ),
        stat(
            "Watermark age", "How long ago the slowest collector last vouched for what it watches.",
            "time() - min(cogentai_watermark_timestamp_seconds)",
            (None, GREEN), (300, YELLOW), (600, RED), unit="s",
        ),
    ]  # fmt: skip


def alert_timeline() -> Json:
    """Return when which flow had an alert, and how bad."""
    text = "Only flows that had an alert in the time shown. A gap is calm."
    severities = (("critical", 3, RED), ("warning", 2, ORANGE), ("info", 1, BLUE))
    worst = " or ".join(
        f'{rank} * (cogentai_alerts_firing{{{TENANT}, severity="{severity}"}} > bool 0)'
        for severity, rank, _ in severities
    )
    query = named(f"max by (tenant, flow_id) ({worst})")
    made = panel("state-timeline", "Firing, by flow", text, [target(query, "{{flow_name}}")])
    made["options"] = {
        "mergeValues": True,
        "showValue": "never",
        "rowHeight": 0.8,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
    }
    shown = {str(rank): {"text": name, "color": colour} for name, rank, colour in severities}
    made["fieldConfig"]["defaults"] |= NO_ALERT | {
        "custom": {"lineWidth": 0, "fillOpacity": 85, "spanNulls": False},
        "mappings": [{"type": "value", "options": shown}],
    }
    return made | {"gridPos": {"w": 15}}


def alerts_per_flow() -> Json:
    """Return how many alerts each flow raised."""
    alerts = f"cogentai_alerts_total{{{TENANT}}}"
    # A counter appears with its first alert, which increase() cannot see.
    raised = f"({alerts} unless {alerts} offset $__range) or increase({alerts}[$__range])"
    query = f"sort_desc({named(f'sum by (tenant, flow_id) ({raised})')})"
    made = panel(
        "bargauge",
        "Alerts raised, by flow",
        "In the time shown. Updates of an alert do not count again.",
        [instant(query, "{{flow_name}}")],
    )
    made["options"] = {
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "left",
        "showUnfilled": False,
        "reduceOptions": LAST,
    }
    made["fieldConfig"]["defaults"] |= NO_ALERT | fixed(ORANGE) | {"min": 0, "decimals": 0}
    return made | {"gridPos": {"w": 9}}


_COLUMNS = (
    ("Alerts", f"sum by (tenant, flow_id) (cogentai_alerts_firing{{{TENANT}}})", "none"),
    ("Score", flow_max("cogentai_detector_score", TENANT), "none"),
    ("Failure", flow_max("cogentai_failure_probability_ratio", TENANT), "percentunit"),
    ("Volume", flow_max("cogentai_flow_volume", TENANT), "none"),
    ("Expected", flow_max("cogentai_flow_volume_expected", TENANT), "none"),
    ("Errors", flow_max("cogentai_flow_error_ratio", TENANT), "percentunit"),
    ("Latency", flow_max("cogentai_flow_latency_seconds", TENANT), "s"),
    ("Queue", flow_max("cogentai_flow_queue_depth", TENANT), "none"),
)


def flow_table() -> Json:
    """Return every flow's last window, one line a flow, the most anomalous first."""
    names = f"max by (tenant, flow_id, flow_name) (cogentai_flow_info{{{TENANT}}})"
    made = panel(
        "table",
        "Flows at a glance",
        "The last closed window. Choose a flow's name to see it below.",
        [
            instant(names, "", "Name", "table"),
            *(instant(query, "", title, "table") for title, query, _ in _COLUMNS),
        ],
    )
    made["transformations"] = [{"id": "merge", "options": {}}, _columns()]
    made["options"] = {
        "cellHeight": "sm",
        "sortBy": [{"displayName": "Score", "desc": True}],
    }
    made["fieldConfig"]["overrides"] = [
        *(override(title, {"unit": unit}) for title, _, unit in _COLUMNS),
        override("Alerts", _cell((None, "transparent"), (1, RED))),
        override("Score", _cell((None, "transparent"), (0.8, YELLOW), (1, RED)) | {"decimals": 2}),
        override("Failure", _cell((None, "transparent"), *LIKELIHOOD[1:])),
        override("Flow", {"links": [_link()], "custom.minWidth": 260}),
    ]
    return made


def _columns() -> Json:
    renamed = {f"Value #{title}": title for title, _, _ in _COLUMNS}
    order = ("flow_name", "flow_id", "tenant", *renamed)
    return {
        "id": "organize",
        "options": {
            "excludeByName": {"Time": True, "Value #Name": True},
            "indexByName": {name: place for place, name in enumerate(order)},
            "renameByName": renamed | {"flow_name": "Flow", "tenant": "Tenant"},
        },
    }


def _link() -> Json:
    flow = "var-flow=${__data.fields.flow_id}"
    url = f"/d/{UID}?{flow}&${{tenant:queryparam}}&${{datasource:queryparam}}&${{__url_time_range}}"
    return {"title": "Show this flow", "url": url}


def _cell(*steps: Step) -> Json:
    background = {"type": "color-background", "mode": "basic"}
    return {"custom.cellOptions": background, "thresholds": thresholds(*steps)}
