"""What Kafka's errors mean to whoever uses the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    KafkaError,
    ProducerFenced,
)

from pipeline.log.base import FencedError, LogUnavailableError

# A newer producer has the transactional id, or the coordinator gave up on ours and expects a new
# one: after a pause longer than the transaction's timeout, for one.
_FENCED = (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping, InvalidTxnState)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn Kafka's errors and time-outs into the log's own.

    Examples
    --------
    >>> with translated("partition 3"):
    ...     raise ProducerFenced
    Traceback (most recent call last):
    pipeline.log.base.FencedError: partition 3: another owner has taken it over
    """
    try:
        yield
    except _FENCED as error:
        raise FencedError(f"{doing}: another owner has taken it over") from error
    except TimeoutError as error:
        raise LogUnavailableError(f"{doing}: Kafka did not answer in time") from error
    except KafkaError as error:
        raise LogUnavailableError(f"{doing}: {error!r}") from error
