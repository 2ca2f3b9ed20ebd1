"""``cogentai worker``: the engine on Kafka."""

from __future__ import annotations

import structlog

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, FOUND_TROUBLE, console, give_up
from pipeline.settings import KafkaSettings, Settings


@app.command()
def worker() -> None:
    """Run the engine over the partitions of the events topic that the group gives this process.

    Start as many as there are partitions. SIGTERM drains and ends with 0; a worker that was
    replaced while it slept, or that cannot go on, ends with 1 and says why in one line.
    """
    from prometheus_client import CollectorRegistry

    from pipeline.cli.service import configure_logging
    from pipeline.health.server import HealthServer
    from pipeline.log.base import FencedError, LogUnavailableError
    from pipeline.outputs.metrics import EngineMetrics
    from pipeline.worker.faust_worker import FaustWorker
    from pipeline.worker.observing import MetricsObserver

    configure_logging()
    settings = Settings.load()
    _check_topics(settings.kafka)
    registry = CollectorRegistry()
    metrics = EngineMetrics(registry, settings.metrics.max_flows)
    faust_worker = FaustWorker(settings, [MetricsObserver(metrics)])
    where = settings.metrics
    try:
        health = HealthServer(where.host, where.port, registry, faust_worker.readiness)
    except OSError as error:
        give_up(f"{where.host}:{where.port}: {error.strerror}", ENVIRONMENT_MISSING)
    with health:
        console.print(f"metrics  http://{where.host}:{health.port}/metrics")
        broken = faust_worker.run()
    if broken is not None:
        if not isinstance(broken, FencedError | LogUnavailableError):  # a defect: tell where
            structlog.get_logger().error("worker broke", exc_info=broken)
        give_up(f"worker stopped: {broken or type(broken).__name__}", FOUND_TROUBLE)


def _check_topics(kafka: KafkaSettings) -> None:
    """Make sure of what cannot be lived without: Faust would wait for a missing topic for ever."""
    from pipeline.log.base import LogUnavailableError
    from pipeline.log.topics import check

    try:
        differences = check(kafka)
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    for found in differences:
        if found.setting == "partitions" and found.topic in (
            kafka.events_topic,
            kafka.checkpoints_topic,
        ):
            have = "it does not exist" if found.found is None else f"it has {found.found}"
            give_up(
                f"topic {found.topic} should have {found.expected} partitions, but {have}: "
                "see cogentai topics apply",
                ENVIRONMENT_MISSING,
            )
