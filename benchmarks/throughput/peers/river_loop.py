"""A bare loop around river: the statistics of each flow and minute, and a score for the minute."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from river.anomaly import StandardAbsoluteDeviation
from river.stats import Count, Sum, Var

from benchmarks.throughput.peers.minutes import of_run
from benchmarks.throughput.peers.task import RUN, Stopwatch, Task
from pipeline.log.kafka_consumer import running


@dataclass(slots=True)
class Flow:
    """A flow: its present minute, and what is ordinary for its minutes."""

    minute: float = -1
    runs: Count = field(default_factory=Count)
    failed: Sum = field(default_factory=Sum)
    duration: Var = field(default_factory=Var)
    scorer: StandardAbsoluteDeviation = field(default_factory=StandardAbsoluteDeviation)

    def add(self, run: list[float]) -> dict[str, Any] | None:
        """Count a run; return the minute before, if it is over."""
        done = None
        if run[0] > self.minute:
            done = self._close() if self.minute >= 0 else None
            self.minute, self.runs, self.failed, self.duration = run[0], Count(), Sum(), Var()
        self.runs.update(1)
        self.failed.update(run[2])
        self.duration.update(run[3])
        return done

    def _close(self) -> dict[str, Any]:
        runs = self.runs.get()
        score = self.scorer.score_one(None, runs)
        self.scorer.learn_one(None, runs)
        mean, variance = self.duration.mean.get(), self.duration.get()
        return {
            "minute": self.minute,
            "runs": runs,
            "failed": self.failed.get(),
            "log_duration": runs * mean,
            "log_duration_squared": (runs - 1) * variance + runs * mean**2,
            "score": score,
        }


async def work(task: Task) -> None:
    """Work a full topic off."""
    stopwatch = Stopwatch(task)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=task.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(bootstrap_servers=task.bootstrap, linger_ms=5)
    await producer.start()
    flows: dict[str, Flow] = {}
    async with running(consumer):
        consumer.assign([TopicPartition(task.source, n) for n in range(task.partitions)])
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    batch = msgspec.json.decode(record.value)
                    for event in batch:
                        if event["type"] != RUN:
                            continue
                        name, run = of_run(event)
                        flow = flows.get(name) or flows.setdefault(name, Flow())
                        if done := flow.add(run):
                            value = msgspec.json.encode(done)
                            await producer.send(task.output, value, key=name.encode())
                    stopwatch.count(len(batch))


if __name__ == "__main__":
    asyncio.run(work(Task.given()))
