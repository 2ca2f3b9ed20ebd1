"""The steps from a request to a published alert, each by the one call that takes it.

A target is ``module:name``. For the journal's own steps it is the SQL statement instead, since
there the work is SQLite's: ``sql:`` and how the statement begins. A ``COMMIT`` is told from others
by what its transaction holds: ``COMMIT`` and how one of its statements begins.
"""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """One step: ``nth`` is the call at which the process is killed."""

    target: str
    nth: int = 1


_INSERT = "INSERT INTO records"
_ADVANCE = "UPDATE checkpoints SET applied"
_OWN = "UPDATE checkpoints SET owner"

# Requests are many: the one that is killed is not the first.
_POST = 20
# After what a restart replays, which is one batch (see scenario.py).
_BATCH = 2

# On Kafka: the first transaction is that of the mark; its record and the snapshot come first.
_AFTER_MARK = 2
_HEADER = 3

# What one record brings about comes in three commits (see scenario.py).
_PORTIONS = ("portion", "further", "rest")

_EDGE = {
    "body": Step("pipeline.ingest.app:read_body", _POST),
    "admit": Step("pipeline.ingest.app:admit", _POST),
}
_ANSWER = {"answer": Step("pipeline.ingest.app:JSONResponse.__call__", _POST)}
_RECOVERY = {
    "restore": Step("pipeline.engine.engine:Engine.restore"),
    "catch-up": Step("pipeline.worker.partition:Partition._catch_up"),
}
_WORK = {
    "apply": Step("pipeline.engine.engine:Engine.apply_all", _BATCH),
    "encode": Step("pipeline.worker.portions:encode"),
}
_OBSERVE = {"observe": Step("pipeline.worker.observing:MetricsObserver.progress")}

STEPS: dict[str, dict[str, Step]] = {
    "From the request to the journal": {
        **_EDGE,
        "insert": Step(f"sql:{_INSERT}", _POST),
        "commit": Step(f"sql:COMMIT {_INSERT}", _POST),
        **_ANSWER,
    },
    "From the journal to the alert": {
        "own": Step(f"sql:COMMIT {_OWN}"),
        **_RECOVERY,
        "fetch": Step("pipeline.log.journal:Journal.read"),
        **_WORK,
        "advance": Step(f"sql:{_ADVANCE}"),
        "publish": Step("sql:INSERT INTO outputs"),
        "keep": Step("sql:INSERT OR REPLACE INTO snapshots"),
        "commit": Step(f"sql:COMMIT {_ADVANCE}"),
        **_OBSERVE,
    },
    "From one record to several commits": {
        name: Step(f"sql:COMMIT {_ADVANCE}", nth) for nth, name in enumerate(_PORTIONS, 1)
    },
    "From the request to the topic": {
        **_EDGE,
        "send": Step("aiokafka:AIOKafkaProducer.send", _POST),
        "append": Step("pipeline.log.kafka:KafkaLog.append", _POST),
        **_ANSWER,
    },
    "From the topic to the alert": {
        "assign": Step("pipeline.worker.faust_worker:FaustWorker._on_assigned"),
        "own": Step("pipeline.log.kafka_partition:start_producer"),
        "mark": Step("pipeline.log.kafka_partition:KafkaPartitionLog._mark"),
        "read-header": Step("pipeline.log.kafka_partition:read_header"),
        **_RECOVERY,
        **_WORK,
        "begin": Step("aiokafka:AIOKafkaProducer.begin_transaction", _AFTER_MARK),
        "publish": Step("pipeline.log.kafka_partition:KafkaPartitionLog._publish"),
        "keep": Step("pipeline.log.kafka_partition:KafkaPartitionLog._keep"),
        "header": Step("pipeline.log.kafka_partition:KafkaPartitionLog._checkpoint", _HEADER),
        "commit": Step("aiokafka:AIOKafkaProducer.commit_transaction", _AFTER_MARK),
        **_OBSERVE,
        "ack": Step("faust.events:Event.ack"),
        "offset": Step("aiokafka:AIOKafkaConsumer.commit"),
    },
    "From one record to several transactions": {
        name: Step("aiokafka:AIOKafkaProducer.commit_transaction", nth)
        for nth, name in enumerate(_PORTIONS, _AFTER_MARK)
    },
}
"""By the headings and first columns of the tables in ``docs/guarantees.md``."""
