"""The events the engine reads, one model a type.

An event is an :class:`~schemas.cloudevents.Envelope` whose ``type`` names the model of its
``data``. An event with a ``flow_id`` belongs to that flow; one without concerns the whole tenant.
Fields a model does not name are kept in the log and ignored here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.cloudevents import Envelope
from schemas.fields import Contract, Count, Instant, LogMs, LongText, Quantity, Real, Text

RunState = Literal["queued", "running", "success", "failure", "stopped", "partial_success"]


class FlowRun(Contract):
    """A run of a flow as it was seen in one state. Each state is sent once, with its own id."""

    run_id: Text
    flow_id: Text
    state: RunState
    trigger: Text = "unknown"
    flow_name: Text | None = None
    flow_version_id: Text | None = None
    virtual_environment: Text | None = None
    queued_at: Instant | None = None
    started_at: Instant | None = None
    finished_at: Instant | None = None
    duration_ms: Quantity | None = None
    has_warnings: bool | None = None
    summary: LongText | None = None
    retry_of_run_id: Text | None = None
    user_id: Text | None = None
    operations_sent: Count | None = None
    operations_received: Count | None = None
    payload_bytes: Count | None = None
    cpu_ms: Quantity | None = None
    records_in: Count | None = None
    records_out: Count | None = None
    records_failed: Count | None = None


class RunCounts(Contract):
    """Runs of a window by what became of them."""

    started: Count | None = None
    succeeded: Count | None = None
    failed: Count | None = None
    partial: Count | None = None
    cancelled: Count | None = None


class LogDuration(Contract):
    """Durations of a window, on the scale they are judged on: natural log of milliseconds."""

    count: Annotated[int, Field(ge=0, le=10**9)]
    mean_log_ms: LogMs
    var_log_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0


class RecordCounts(Contract):
    """Records that passed in a window."""

    in_: Annotated[Count | None, Field(alias="in")] = None
    out: Count | None = None
    failed: Count | None = None
    missing_attributes: Count | None = None
    duplicates: Count | None = None


class QueueLevel(Contract):
    """The flow's queue at the end of a window."""

    depth: Count
    oldest_age_s: Quantity | None = None


class FlowWindow(Contract):
    """A whole window of a flow, already counted by the producer.

    For back-fill, and for producers that only have aggregates. Every count is optional: what is
    absent is unknown, not zero.
    """

    flow_id: Text
    seconds: Annotated[int, Field(ge=1, le=86_400)]
    flow_name: Text | None = None
    runs: RunCounts | None = None
    warnings: Count | None = None
    retries: Count | None = None
    duration: LogDuration | None = None
    queue_wait: LogDuration | None = None
    records: RecordCounts | None = None
    bytes: Count | None = None
    queue: QueueLevel | None = None


class FlowLog(Contract):
    """One line of a run's log."""

    run_id: Text
    flow_id: Text
    level: Text
    message: LongText
    log_id: Text | None = None
    step_id: Text | None = None
    step_name: Text | None = None
    step_kind: Text | None = None
    payload_metadata_id: Text | None = None
    http_status: Annotated[int, Field(ge=100, le=999)] | None = None
    system: Text | None = None
    template_id: Text | None = None


class QueueSnapshot(Contract):
    """How much work waits, for one flow or (without ``flow_id``) for a tenant."""

    depth: Count
    flow_id: Text | None = None
    oldest_age_s: Quantity | None = None
    by_priority: dict[Text, Count] | None = None
    by_trigger: dict[Text, Count] | None = None
    by_flow: dict[Text, Count] | None = None
    running: Count | None = None
    concurrency_limit: Count | None = None
    arrivals: Count | None = None
    drained: Count | None = None


class ConnectorCall(Contract):
    """One request a flow made to a system, and what came of it."""

    system: Text
    outcome: Text
    flow_id: Text | None = None
    run_id: Text | None = None
    method: Text | None = None
    endpoint: LongText | None = None
    http_status: Annotated[int, Field(ge=100, le=999)] | None = None
    latency_ms: Quantity | None = None
    retry_after_s: Quantity | None = None
    limit: Quantity | None = None
    remaining: Quantity | None = None
    reset_at: Instant | None = None
    cost: Quantity | None = None
    throttled: bool | None = None


class ScheduleExpected(Contract):
    """A run the schedule promises: it should start at ``due_at``, give or take the tolerance."""

    flow_id: Text
    due_at: Instant
    cron: Text | None = None
    tolerance_s: Quantity | None = None


class ConfigChanged(Contract):
    """Something was changed by people: ``change`` says how (deployed, modified, removed)."""

    object: Literal["flow", "version", "schedule", "connector", "mapping", "lookup", "script"]
    object_id: Text
    change: Text
    flow_id: Text | None = None
    version: Text | None = None
    before_hash: Text | None = None
    after_hash: Text | None = None
    user_id: Text | None = None


class MetricSample(Contract):
    """A number as it was at one moment: of a flow, or (without ``flow_id``) of a tenant."""

    metric: Text
    value: Real
    flow_id: Text | None = None
    unit: Text | None = None


class Annotation(Contract):
    """What an operator or a calendar knows and the data does not show.

    ``scope`` is a flow, ``*``, or the beginning of flow ids and a ``*``. Feedback names an alert
    by ``alert_fingerprint`` and, if it is not the latest of these, by ``alert_id``.
    """

    kind: Literal["planned_peak", "maintenance", "holiday", "backfill", "feedback"]
    scope: Text = "*"
    from_: Annotated[Instant | None, Field(alias="from")] = None
    to: Instant | None = None
    expected_factor: Annotated[float, Field(gt=0, le=1000)] | None = None
    verdict: Literal["real", "false_alarm"] | None = None
    alert_fingerprint: Text | None = None
    alert_id: Text | None = None
    author: Text | None = None
    note: LongText | None = None


class RecordTracked(Contract):
    """A business key was seen on its way: received from one system, or sent to another."""

    entity_type: Text
    key: Text
    direction: Literal["receive", "send"]
    flow_id: Text
    run_id: Text | None = None
    step_id: Text | None = None
    system: Text | None = None
    success: bool | None = None
    sent_count: Count | None = None
    received_count: Count | None = None


class WebhookReceived(Contract):
    """A source system told of a change, whatever became of it afterwards.

    ``event_id`` names the change and ``delivery_id`` the message: a repeated message has another
    ``delivery_id``, and the same ``event_id``. Of its content only the business ``key`` is kept.
    """

    system: Text
    topic: Text
    delivery_id: Text
    event_id: Text | None = None
    flow_id: Text | None = None
    webhook_id: Text | None = None
    shop: Text | None = None
    key: Text | None = None
    triggered_at: Instant | None = None
    status_returned: Annotated[int, Field(ge=100, le=999)] | None = None
    bytes: Count | None = None


class Notice(Contract):
    """Somebody, or a flow that was made for it, tells of trouble. ``origin_run_id`` had it."""

    level: Text
    message: LongText
    flow_id: Text | None = None
    run_id: Text | None = None
    origin_run_id: Text | None = None
    channel: Text | None = None


class Heartbeat(Contract):
    """A collector's promise: everything before ``watermark`` has been sent.

    ``since`` moves when a collector restarts and cannot know what it missed: time between its
    last watermark and ``since`` was not watched, so it counts as unknown rather than as silence.
    ``status="finished"`` says that no more will come, and that nobody should wait for it.
    """

    collector: Text
    watermark: Instant
    since: Instant | None = None
    status: Literal["running", "finished"] = "running"
    lag_s: Quantity | None = None
    calls_used: Count | None = None
    calls_limit: Count | None = None
    errors: Count | None = None


DATA_BY_TYPE: dict[str, type[Contract]] = {
    "cogent.flow.run": FlowRun,
    "cogent.flow.window": FlowWindow,
    "cogent.flow.log": FlowLog,
    "cogent.queue.snapshot": QueueSnapshot,
    "cogent.connector.call": ConnectorCall,
    "cogent.schedule.expected": ScheduleExpected,
    "cogent.config.changed": ConfigChanged,
    "cogent.metric.sample": MetricSample,
    "cogent.record.tracked": RecordTracked,
    "cogent.webhook.received": WebhookReceived,
    "cogent.notice": Notice,
    "cogent.annotation": Annotation,
    "cogent.collector.heartbeat": Heartbeat,
}
"""Every event type the engine reads, and the contract of its data."""


def event_model(type_: str) -> type[Envelope]:
    """Return the model of a whole event of one type: the envelope with typed ``data``.

    Raises
    ------
    KeyError
        If the type is not one the engine reads.

    Examples
    --------
    >>> event_model("cogent.flow.log").__name__
    'FlowLogEvent'
    """
    return _EVENT_MODELS[type_]


def _with_data(type_: str, data: type[Contract]) -> type[Envelope]:
    return type(
        f"{data.__name__}Event",
        (Envelope,),
        {
            "__module__": __name__,
            "__doc__": data.__doc__,
            "__annotations__": {"type": Literal[type_], "data": data},
        },
    )


_EVENT_MODELS = {type_: _with_data(type_, data) for type_, data in DATA_BY_TYPE.items()}
