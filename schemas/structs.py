"""The same events as msgspec structs, for the worker's hot loop.

Nothing is declared here: every struct is built, field by field, from the pydantic model of the same
name in :mod:`schemas.events`; building fails on whatever msgspec would not check in the same way.
To a type checker the structs *are* the models, so ``event.data.run_id`` is typed. At run time
``isinstance(event.data, structs.FlowRun)`` or ``event.type`` tells the events apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import msgspec
from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from schemas import events
from schemas.cloudevents import Envelope
from schemas.fields import Contract, check_instant, parse_instant

_BOUNDS = {
    annotated_types.Ge: "ge",
    annotated_types.Gt: "gt",
    annotated_types.Le: "le",
    annotated_types.Lt: "lt",
    annotated_types.MinLen: "min_length",
    annotated_types.MaxLen: "max_length",
}
_INSTANT = [BeforeValidator(parse_instant), AfterValidator(check_instant)]


@cache
def struct_of(model: type[Contract], type_: str | None = None) -> type[Any]:
    """Build the struct of a model: the same fields, names in JSON, defaults and bounds.

    With ``type_``, the struct of a whole event, told from others by its ``type``.

    Raises
    ------
    TypeError
        If a field uses a type or a constraint that has no equal counterpart.

    Examples
    --------
    >>> struct_of(events.QueueLevel)(depth=3)
    QueueLevel(depth=3, oldest_age_s=None)
    """
    types = {name: _counterpart(f.annotation, f.metadata) for name, f in model.model_fields.items()}
    namespace: dict[str, Any] = {}
    if type_ is not None:
        del types["type"]
        namespace["type"] = type_
    if instants := [name for name, annotation in types.items() if _is_instant(annotation)]:
        namespace["__post_init__"] = _check_instants(instants)
    return msgspec.defstruct(
        model.__name__,
        [(name, types[name], _declared(model.model_fields[name])) for name in types],
        namespace=namespace,
        module=__name__,
        tag_field=None if type_ is None else "type",
        tag=type_,
        frozen=True,
        kw_only=True,
        gc=False,  # trees of immutable values are never part of a cycle
    )


def _declared(field: FieldInfo) -> Any:
    default = msgspec.NODEFAULT if field.is_required() else field.default
    return msgspec.field(name=field.alias, default=default)


def _counterpart(annotation: Any, metadata: list[Any]) -> Any:  # noqa: PLR0911 - one line a kind of type
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _counterpart(arguments[0], [*_unpacked(arguments[1:]), *metadata])
    if origin in (Union, UnionType):
        return Union[tuple(_counterpart(each, metadata) for each in arguments)]  # noqa: UP007 - built at run time
    if annotation in (str, int, float, bool):
        return Annotated[annotation, msgspec.Meta(**dict(map(_bound, metadata)))]
    if annotation is datetime and metadata == _INSTANT:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if annotation is NoneType or (origin is Literal and not metadata):
        return annotation
    if origin is dict and not metadata:
        return dict[tuple(_counterpart(each, []) for each in arguments)]  # type: ignore[misc]
    if isinstance(annotation, type) and issubclass(annotation, Contract) and not metadata:
        return struct_of(annotation)
    raise TypeError(f"no struct counterpart for {annotation!r} with {metadata!r}")


def _unpacked(metadata: Iterable[Any]) -> list[Any]:
    """Constraints written as ``Field(...)`` hold the actual ones inside."""
    nested = [each.metadata if isinstance(each, FieldInfo) else [each] for each in metadata]
    return [constraint for group in nested for constraint in group]


def _bound(constraint: Any) -> tuple[str, Any]:
    name = _BOUNDS.get(type(constraint))
    if name is None:
        raise TypeError(f"no struct counterpart for the constraint {constraint!r}")
    return name, getattr(constraint, name)


def _is_instant(annotation: Any) -> bool:
    alternatives = get_args(annotation) if get_origin(annotation) is Union else [annotation]
    return any(get_args(each)[:1] == (datetime,) for each in alternatives)


def _check_instants(names: list[str]) -> Callable[[Any], None]:
    """Msgspec has no bounds for instants, so they are checked as a struct comes to be."""

    def check(self: Any) -> None:
        for name in names:
            value = getattr(self, name)
            if value is not None:
                check_instant(value)

    return check


if TYPE_CHECKING:
    Annotation = events.Annotation
    ConfigChanged = events.ConfigChanged
    ConnectorCall = events.ConnectorCall
    FlowLog = events.FlowLog
    FlowRun = events.FlowRun
    FlowWindow = events.FlowWindow
    Heartbeat = events.Heartbeat
    MetricSample = events.MetricSample
    Notice = events.Notice
    QueueSnapshot = events.QueueSnapshot
    RecordTracked = events.RecordTracked
    ScheduleExpected = events.ScheduleExpected
    WebhookReceived = events.WebhookReceived

    class EventStruct(Envelope):
        """An event of any type."""

        data: (
            FlowRun | FlowWindow | FlowLog | QueueSnapshot | ConnectorCall | ScheduleExpected
            | ConfigChanged | Annotation | Heartbeat | MetricSample | RecordTracked
            | WebhookReceived | Notice
        )  # fmt: skip
else:
    EventStruct = Union[tuple(struct_of(events.event_model(t), t) for t in events.DATA_BY_TYPE)]  # noqa: UP007 - built at run time
    Annotation = struct_of(events.Annotation)
    ConfigChanged = struct_of(events.ConfigChanged)
    ConnectorCall = struct_of(events.ConnectorCall)
    FlowLog = struct_of(events.FlowLog)
    FlowRun = struct_of(events.FlowRun)
    FlowWindow = struct_of(events.FlowWindow)
    Heartbeat = struct_of(events.Heartbeat)
    MetricSample = struct_of(events.MetricSample)
    Notice = struct_of(events.Notice)
    QueueSnapshot = struct_of(events.QueueSnapshot)
    RecordTracked = struct_of(events.RecordTracked)
    ScheduleExpected = struct_of(events.ScheduleExpected)
    WebhookReceived = struct_of(events.WebhookReceived)
