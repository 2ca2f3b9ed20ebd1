"""``cogentai worker``: the engine on Kafka."""

from __future__ import annotations

from pipeline.cli.app import app
from pipeline.cli.console import FOUND_TROUBLE, console, give_up
from pipeline.settings import Settings


@app.command()
def worker() -> None:
    """Run the engine over the partitions of the events topic that the group gives this process.

    Start as many as there are partitions. SIGTERM drains and ends with 0; a worker that was
    replaced while it slept, or that cannot go on, ends with 1 and says why in one line.
    """
    from prometheus_client import CollectorRegistry

    from pipeline.cli.service import configure_logging
    from pipeline.health.server import HealthServer
    from pipeline.outputs.metrics import EngineMetrics
    from pipeline.worker.faust_worker import FaustWorker
    from pipeline.worker.observing import MetricsObserver

    configure_logging()
    settings = Settings.load()
    registry = CollectorRegistry()
    metrics = EngineMetrics(registry, settings.metrics.max_flows)
    faust_worker = FaustWorker(settings, [MetricsObserver(metrics)])
    health = HealthServer(
        settings.metrics.host, settings.metrics.port, registry, faust_worker.readiness
    )
    with health:
        console.print(f"metrics  http://{settings.metrics.host}:{health.port}/metrics")
        broke = faust_worker.run()
    if broke is not None:
        give_up(f"worker stopped: {broke or type(broke).__name__}", FOUND_TROUBLE)
