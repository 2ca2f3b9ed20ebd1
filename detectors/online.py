"""Each detector as a river estimator of a single flow: ``score_one``, then ``learn_one``.

The formulas are those of :class:`~detectors.bank.FlowBank`; a single flow is a bank of one row. For
notebooks, for river pipelines, and for whoever wants to know what one detector says of one series.
"""

from __future__ import annotations

from detectors.single import FlowDetector


class VolumeDetector(FlowDetector):
    """Runs per window, too many or too few, against the flow's week.

    Assumes a daily and weekly rhythm in five-minute slots, and bursts at fixed minutes of the
    hour. Blind to a slow trend of a few percent a day, which its level follows.

    Examples
    --------
    >>> detector = VolumeDetector()
    >>> for minute in range(3 * 1440):
    ...     detector.learn_one({"minute": minute, "volume": 20 + minute * 7 % 5})
    >>> detector.score_one({"minute": 3 * 1440, "volume": 0}) > 1
    True
    """

    signal = "volume"
    reads = ("volume",)


class ErrorDetector(FlowDetector):
    """Failed runs out of those that finished, against the flow's own rate.

    Assumes that failures are a small and fairly steady share. Sees nothing in windows in which
    nothing finished.

    Examples
    --------
    >>> ErrorDetector().score_one({"minute": 0, "finished": 20, "failed": 1})
    0.0
    """

    signal = "errors"
    reads = ("finished", "failed")


class RecordsDetector(FlowDetector):
    """Records per window, too many or too few; :class:`VolumeDetector` on records.

    Examples
    --------
    >>> RecordsDetector().score_one({"minute": 0, "records": 480})
    0.0
    """

    signal = "records"
    reads = ("records",)


class PartialDetector(FlowDetector):
    """Runs that succeeded only in part, out of those that finished.

    Like :class:`ErrorDetector` in what it assumes.

    Examples
    --------
    >>> PartialDetector().score_one({"minute": 0, "finished": 20, "partial": 1})
    0.0
    """

    signal = "partial"
    reads = ("finished", "partial")


class WarningsDetector(FlowDetector):
    """Runs with warnings, out of those that finished.

    Like :class:`ErrorDetector` in what it assumes.

    Examples
    --------
    >>> WarningsDetector().score_one({"minute": 0, "finished": 20, "warnings": 1})
    0.0
    """

    signal = "warnings"
    reads = ("finished", "warnings")


class RetriesDetector(FlowDetector):
    """Runs that are retries, out of those that started.

    Like :class:`ErrorDetector` in what it assumes.

    Examples
    --------
    >>> RetriesDetector().score_one({"minute": 0, "volume": 20, "retries": 1})
    0.0
    """

    signal = "retries"
    reads = ("volume", "retries")


class DuplicatesDetector(FlowDetector):
    """Records whose key had come before, out of all.

    Like :class:`ErrorDetector` in what it assumes.

    Examples
    --------
    >>> DuplicatesDetector().score_one({"minute": 0, "records": 40, "duplicates": 1})
    0.0
    """

    signal = "duplicates"
    reads = ("records", "duplicates")


class MissingDetector(FlowDetector):
    """Records that lack attributes, out of all, against the flow's own rate.

    Like :class:`ErrorDetector` in what it assumes.

    Examples
    --------
    >>> MissingDetector().score_one({"minute": 0, "checked": 40, "missing": 1})
    0.0
    """

    signal = "missing"
    reads = ("checked", "missing")


class LatencyDetector(FlowDetector):
    """Mean log-duration of runs, against what the flow shows at the same load.

    Assumes that load explains most of duration. Sees nothing in windows without runs.

    Examples
    --------
    >>> LatencyDetector().score_one({"minute": 0, "duration_count": 3, "duration_log": 6.2})
    0.0
    """

    signal = "latency"
    reads = ("duration_count", "duration_log")


class WaitDetector(FlowDetector):
    """Mean log of the wait in the queue; :class:`LatencyDetector` on waits.

    Examples
    --------
    >>> WaitDetector().score_one({"minute": 0, "wait_count": 3, "wait_log": 7.1})
    0.0
    """

    signal = "wait"
    reads = ("wait_count", "wait_log")


class BacklogDetector(FlowDetector):
    """Queue depth, too high, against the flow's week; volume's model on a level.

    Examples
    --------
    >>> BacklogDetector().score_one({"minute": 0, "queue_depth": 3})
    0.0
    """

    signal = "backlog"
    reads = ("queue_depth",)


class SilenceDetector(FlowDetector):
    """Absence of a run that should have come: by the schedule, else by the learned cadence.

    Examples
    --------
    >>> SilenceDetector().score_one({"minute": 0, "volume": 0, "overdue": 4}) > 1
    True
    """

    signal = "silence"
    reads = ("volume", "overdue")


class FailureDetector(FlowDetector):
    """Failure in the next half hour, foretold from runs, failures and durations.

    Learns from the failures of this flow alone, and is silent until it has seen five; in a bank
    the flows learn from each other.

    Examples
    --------
    >>> x = {"volume": 3, "finished": 3, "failed": 0, "duration_count": 0, "duration_log": 0}
    >>> FailureDetector().score_one({"minute": 0} | x)
    0.0
    """

    signal = "failure"
    reads = ("volume", "finished", "failed", "duration_count", "duration_log")
