from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rich.table import Table

from pipeline.backtest.budgets import Budgets
from pipeline.backtest.labels import Label
from pipeline.backtest.summary import by_budget, by_day, by_flow, by_kind, write_days
from pipeline.settings import EngineSettings
from tests.make import MONDAY
from tests.pipeline.backtest.make import ORDERS, STOCK, closed

DAY = 1440


@pytest.fixture(scope="module")
def budgets() -> Budgets:
    """Three days: an alert of orders on the first, two on the third, one more if generous."""
    budgets = Budgets(EngineSettings(), [2])
    loud = {100: 1.5, 2 * DAY: 2.5, 2 * DAY + 600: 1.2, DAY: 0.95}
    for minute in range(3 * DAY):
        budgets.add(closed(minute, [ORDERS, STOCK], volume=[loud.get(minute, 0.0), 0.0]))
    return budgets


def text(table: Table) -> str:
    console = Console(width=150, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def row(table: Table, name: str) -> list[str]:
    line = next(line for line in text(table).splitlines() if line.startswith(f"│ {name}"))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_flow_has_its_days_its_alerts_by_budget_and_its_first(budgets: Budgets):
    assert row(by_flow(budgets, []), "acme:orders")[1:6] == [
        "3", "3", "4", "volume 3", "02 Mar",
    ]  # fmt: skip
    assert row(by_flow(budgets, []), "acme:stock")[1:6] == ["3", "0", "0", "", ""]


def test_a_flow_has_a_sign_a_day(budgets: Budgets):
    assert row(by_day(budgets), "acme:orders") == ["acme:orders", "1·2"]
    assert row(by_day(budgets), "acme:stock") == ["acme:stock", "···"]


def test_a_budget_has_its_alerts_and_how_many_a_flow_week(budgets: Budgets):
    assert row(by_budget(budgets, []), "1*") == ["1*", "3", "3.50"]
    assert row(by_budget(budgets, []), "2 ") == ["2", "4", "4.67"]


def test_a_budget_far_below_the_engines_own_says_what_it_lacks():
    strict = Budgets(EngineSettings(), [0.05])
    strict.add(closed(0, volume=9.0))

    assert row(by_budget(strict, []), "0.05")[:2] == ["0.05†", "1"]
    assert "† without slow changes" in text(by_budget(strict, []))


def test_with_labels_a_budget_says_what_it_finds(budgets: Budgets):
    labels = [label(100, "stop"), label(DAY, "spike"), label(400, "spike")]

    assert row(by_budget(budgets, labels), "1*")[3:] == ["1 of 3", "0.33", "2", "2.33"]
    assert row(by_budget(budgets, labels), "2 ")[3:] == ["2 of 3", "0.67", "2", "2.33"]
    assert row(by_kind(budgets, labels), "spike") == ["spike", "2", "0"]
    assert row(by_kind(budgets, labels), "stop") == ["stop", "1", "1"]


def label(minute: int, kind: str) -> Label:
    at = datetime.fromtimestamp(MONDAY + 60 * minute, UTC)
    return Label("orders", at, at, kind)


def test_days_are_written_by_budget_and_flow(budgets: Budgets):
    file = io.StringIO(newline="")
    write_days(budgets, file)

    assert file.getvalue().splitlines() == [
        "tenant,flow_id,day,budget,alerts,signals",
        "acme,orders,2026-03-02,1.0,1,volume 1",
        "acme,orders,2026-03-04,1.0,2,volume 2",
        "acme,orders,2026-03-02,2,1,volume 1",
        "acme,orders,2026-03-03,2,1,volume 1",
        "acme,orders,2026-03-04,2,2,volume 2",
    ]
