"""Panels about the engine itself: whether it keeps up, sees everything, applies what it reads."""  # noqa: INP001 - deployment files are no package

from __future__ import annotations

from deploy.grafana.parts import Json, series, target


def events() -> Json:
    """Return how many events are read."""
    rate = "sum by (type) (rate(cogentai_events_total[$__rate_interval]))"
    return series("Events", "Read from the log, by type.", target(rate, "{{type}}"), unit="eps")


def watermarks() -> Json:
    """Return how far behind each collector vouches."""
    text = "It steps with the heartbeats. A line that climbs is a collector that is silent."
    age = "time() - min by (collector) (cogentai_watermark_timestamp_seconds)"
    return series("Watermark age", text, target(age, "{{collector}}"), unit="s")


def lag() -> Json:
    """Return how much of the log waits to be applied."""
    text = "Records that wait behind the applied offset."
    behind = "max by (partition) (cogentai_partition_lag_records)"
    return series("Lag", text, target(behind, "partition {{partition}}"))


def put_aside() -> Json:
    """Return what was read and not applied."""
    letters = "sum by (reason) (rate(cogentai_dead_letters_total[$__rate_interval]))"
    return series(
        "Put aside",
        "Read and not applied, and why. Duplicates are harmless.",
        target("sum(rate(cogentai_events_late_total[$__rate_interval]))", "late", "A"),
        target("sum(rate(cogentai_events_duplicate_total[$__rate_interval]))", "duplicate", "B"),
        target(letters, "dead letter: {{reason}}", "C"),
        unit="eps",
    )


def commits() -> Json:
    """Return how long commits take."""
    rate = "sum(rate(cogentai_commit_duration_seconds_{}[$__rate_interval]))"
    slow = (
        "histogram_quantile(0.99, sum by (le) "
        "(rate(cogentai_commit_duration_seconds_bucket[$__rate_interval])))"
    )
    return series(
        "Commits",
        "How long it takes to make outputs durable.",
        target(f"{rate.format('sum')} / {rate.format('count')}", "mean", "A"),
        target(slow, "99 of 100 within", "B"),
        unit="s",
    )


def memory() -> Json:
    """Return the memory of every process."""
    used = 'process_resident_memory_bytes{job=~"cogentai.*"}'
    return series("Memory", "Resident.", target(used, "{{job}} {{instance}}"), unit="bytes")
