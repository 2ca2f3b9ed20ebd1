"""The engine on history: files in, alerts and scores out, no log between."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from pipeline.engine.emissions import ClosedWindow, Emission
from pipeline.engine.engine import Engine
from pipeline.log.base import Entry, Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.settings import EngineSettings

COLUMNS = ("tenant", "flow_id", "window_start", "signal", "score", "observed", "expected")


class EngineLog:
    """An event log that keeps nothing: what is appended is applied at once.

    One partition, so the engine sees all flows together.
    """

    partitions = 1

    def __init__(self, settings: EngineSettings, see: Callable[[Sequence[Emission]], None]) -> None:
        self.engine = Engine(settings)
        self._see = see
        self._offset = 0

    async def append(self, entries: Sequence[Entry]) -> None:
        """Apply all entries."""
        for batch in pack(entries, self.partitions):
            record = Record(0, self._offset, None, batch.value, BATCH_HEADERS)
            for _, emission in self.engine.apply_all((record,)):
                self._see((emission,))
            self._offset += 1

    async def aclose(self) -> None:
        """Nothing to let go of."""


class ScoreWriter:
    """Writes a row per flow, window and signal that was observed.

    Parameters
    ----------
    file
        Open for text, without newline translation.
    """

    def __init__(self, file: TextIO) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(COLUMNS)

    def write(self, emissions: Sequence[Emission]) -> None:
        """Write the scores of every closed window."""
        for emission in emissions:
            if isinstance(emission, ClosedWindow):
                self._write_window(emission)

    def _write_window(self, closed: ClosedWindow) -> None:
        start = datetime.fromtimestamp(closed.start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for signal, v in closed.verdicts.items():
            columns = zip(
                closed.flows,
                v.score.tolist(),
                v.observed.tolist(),
                v.expected.tolist(),
                strict=True,
            )
            self._rows.writerows(
                (flow.tenant, flow.flow_id, start, signal, f"{score:.6g}", _cell(o), _cell(e))
                for flow, score, o, e in columns
                if score > 0 or o == o  # noqa: PLR0124 - NaN is not equal to itself
            )


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.6g}"  # noqa: PLR0124 - NaN is unknown: empty
