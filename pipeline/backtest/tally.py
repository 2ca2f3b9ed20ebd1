"""All that a replay puts out, gathered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.backtest.budgets import Budgets
from pipeline.backtest.pictures import Album
from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission
from pipeline.replay.replay import SHOWN, ReplayReport
from pipeline.worker.backtest import ScoreWriter
from schemas.alerts import Alert


class Tally:
    """Sees every emission, and keeps the count.

    Parameters
    ----------
    budgets
        Gathers what several budgets would have raised.
    tell
        Told every alert, as raised, updated and resolved.
    since
        Epoch seconds before which nothing is told or kept.
    album, writer
        Gather pictures and scores, if wanted.
    """

    def __init__(
        self,
        budgets: Budgets,
        tell: Callable[[Alert], None],
        since: int | None = None,
        *,
        album: Album | None = None,
        writer: ScoreWriter | None = None,
    ) -> None:
        self.budgets = budgets
        self.report = ReplayReport()
        self.album = album
        self._tell = tell
        self._since = since or 0
        self._writer = writer
        self._alerts: dict[str, Alert] = {}

    @property
    def alerts(self) -> list[Alert]:
        """Every alert as it stood last."""
        return list(self._alerts.values())

    def see(self, emissions: Sequence[Emission]) -> None:
        """Take in what the engine emits."""
        for emission in emissions:
            if isinstance(emission, Alert):
                self._see_alert(emission)
            elif isinstance(emission, DeadLetter):
                self.report.refused += 1
                if len(self.report.refusals) < SHOWN:
                    self.report.refusals.append(f"{emission.reason}: {emission.detail}")
            elif isinstance(emission, ClosedWindow):
                self._see_window(emission)

    def add(self, name: str, report: ReplayReport) -> None:
        """Count a file that was read."""
        self.report.events += report.events
        self.report.refused += report.refused
        self.report.refusals += [f"{name}: {words}" for words in report.refusals]

    def _see_alert(self, alert: Alert) -> None:
        if alert.starts_at.timestamp() >= self._since:
            self._alerts[alert.id] = alert
            self._tell(alert)

    def _see_window(self, closed: ClosedWindow) -> None:
        self.budgets.add(closed)
        if closed.start < self._since:
            return
        if self.album:
            self.album.add(closed)
        if self._writer:
            self._writer.write([closed])
