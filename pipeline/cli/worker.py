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
    rebalanced = metrics.rebalance_seconds.observe
    faust_worker = FaustWorker(settings, [MetricsObserver(metrics)], rebalanced)
    where = settings.metrics
    try:
        health = HealthServer(where.host, where.port, registry, faust_worker.readiness)
    except OSError as error:
        give_up(f"{where.host}:{where.port}: {error.strerror}", ENVIRONMENT_MISSING)
    with health:
        console.print(f"metrics  http://{where.host}:{health.port}/metrics")
        broke = faust_worker.run()
    if broke is not None:
        if not isinstance(broke, FencedError | LogUnavailableError):  # a defect: say where
            structlog.get_logger().error("worker broke", exc_info=broke)
        give_up(f"worker stopped: {broke or type(broke).__name__}", FOUND_TROUBLE)


def _check_topics(kafka: KafkaSettings) -> None:
    """Look for the two topics that decide over partitions: Faust would wait for ever for one."""
    from pipeline.log.base import LogUnavailableError
    from pipeline.log.topics import check

    try:
        differences = check(kafka)
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    for found in differences:
        ours = found.topic in (kafka.events_topic, kafka.checkpoints_topic)
        if ours and found.setting == "partitions":
            give_up(
                f"topic {found.topic} has {found.found or 'no'} partitions instead of "
                f"{found.expected}: see cogentai topics apply --check",
                ENVIRONMENT_MISSING,
            )
