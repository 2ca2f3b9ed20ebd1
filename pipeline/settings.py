"""Everything an operator can set, with the default that suits most.

Read, in falling precedence, from ``COGENTAI_*`` environment variables (nested with ``__``, as in
``COGENTAI_KAFKA__BOOTSTRAP``), a directory of secret files (``COGENTAI_SECRETS_DIR``, one named
``ingest__tokens__shop`` for instance), and the TOML file named by ``COGENTAI_CONFIG`` (default
``cogentai.toml``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

Positive = Annotated[float, Field(gt=0)]
PositiveInt = Annotated[int, Field(gt=0)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the name of a time zone, such as Europe/London") from None
    return name


class Section(BaseModel):
    """A named group of settings; an unknown name is an error, so that a typing slip is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExtraDetector(Section):
    """An anomaly model of river that judges a number beside the engine's own detector."""

    metric: str
    """The number's name, in every tenant and flow."""
    model: str
    """Dotted name, such as ``river.anomaly.StandardAbsoluteDeviation``."""
    params: Annotated[dict[str, Any], Field(validate_default=True)] = {}
    """Keyword arguments of the model."""

    @field_validator("model")
    @classmethod
    def _exists(cls, value: str) -> str:
        from detectors.river_model import river_class

        river_class(value)
        return value

    @field_validator("params")
    @classmethod
    def _builds(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        from detectors.river_model import RiverModel

        if "model" in info.data:
            RiverModel(info.data["model"], value)
        return value


class EngineSettings(Section):
    """How events become verdicts."""

    window_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    lateness_seconds: Annotated[int, Field(ge=0)] = 60
    """How long after its end a window stays open for events that come late."""
    source_timeout_seconds: PositiveInt = 300
    """A collector this far behind the furthest one is taken for dead: others go on without it."""
    dedup_seconds: Annotated[int, Field(ge=3600)] = 3600
    """How long event ids are remembered, in event time. At least an hour."""
    alerts_per_flow_week: Annotated[float, Field(ge=0.05, le=20)] = 1.0
    """The budget of false alarms: how many a flow may raise in a week."""
    failure_horizon_minutes: Annotated[int, Field(ge=1, le=120)] = 30
    """How far ahead failure is foreseen."""
    calm_minutes: PositiveInt = 30
    """An alert resolves after this long without an anomalous window."""
    timezone: str = "UTC"
    timezones: dict[str, str] = {}
    """Local time by tenant, for the daily and weekly rhythm; ``timezone`` for the others."""
    max_flows: PositiveInt = 50_000
    """Flows watched per partition, at some 16 KB each; events of further ones are dead letters."""
    max_collectors: PositiveInt = 1_000
    """Collectors known per partition; heartbeats of further ones are dead letters."""
    max_metrics: PositiveInt = 100
    """Numbers watched per partition (``cogent.metric.sample``), at some 130 KB each."""
    detectors: tuple[ExtraDetector, ...] = ()
    """Further detectors for numbers, by name of the number."""
    snapshot_records: PositiveInt = 20_000
    """A snapshot is taken once this many records came after the last one."""
    snapshot_seconds: Positive = 60.0
    """... and once this much time has passed, whichever is first."""

    @field_validator("timezone", "timezones")
    @classmethod
    def _known_zones(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        for zone in [value] if isinstance(value, str) else value.values():
            _zone(zone)
        return value


class ShopifySettings(Section):
    """A shop whose webhooks come to the edge."""

    tenant: str
    secret: SecretStr
    """The app's client secret, which webhooks are signed with."""


class IngestSettings(Section):
    """The HTTP edge."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    tokens: dict[str, SecretStr] = {}
    """Bearer tokens by a name that may appear in logs and metrics."""
    signing_secrets: dict[str, SecretStr] = {}
    """Standard Webhooks secrets (``whsec_…``) by name; two per sender while rotating."""
    shopify: dict[str, ShopifySettings] = {}
    """Shops by the name in the address their webhooks go to."""
    collector: str = "ingest"
    """The name this edge gives itself in heartbeats, and stamps on events that carry none."""
    heartbeat_seconds: Annotated[float, Field(ge=0)] = 5.0
    """How often it writes its heartbeat; 0 leaves heartbeats to those who post events."""
    grace_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How far its watermark stays behind the clock, for senders that deliver with a delay."""
    max_body_bytes: PositiveInt = 1_048_576
    max_event_bytes: PositiveInt = 262_144
    max_batch_events: PositiveInt = 1000
    requests_per_second: Positive = 100.0
    """Per token, with a burst of twice as many."""
    max_in_flight: PositiveInt = 256
    """Requests that may send at once; as many again may wait for the log."""
    max_in_flight_bytes: PositiveInt = 67_108_864
    """Bytes of their bodies in all."""

    @model_validator(mode="after")
    def _a_body_gets_in(self) -> Self:
        if self.max_in_flight_bytes < self.max_body_bytes:
            raise ValueError("max_in_flight_bytes is below max_body_bytes: no large body gets in")
        return self


class KafkaSettings(Section):
    """The Kafka cluster, for ``cogentai ingest`` and ``cogentai worker``."""

    bootstrap: str = "localhost:9092"
    group: str = "cogentai"
    events_topic: str = "patchworks.events.v1"
    dead_letters_topic: str = "patchworks.dead-letters.v1"
    checkpoints_topic: str = "cogentai.checkpoints.v1"
    signals_topic: str = "cogentai.signals.v1"
    alerts_topic: str = "cogentai.alerts.v1"
    partitions: PositiveInt = 12
    replication: PositiveInt = 1
    session_timeout_seconds: Positive = 10.0
    stall_seconds: Positive = 60.0
    """A worker that has records to apply and commits none for so long ends, to be started again."""
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None


class JournalSettings(Section):
    """The embedded log, for ``cogentai run``."""

    path: Path = Path(".run/journal.db")
    partitions: PositiveInt = 1
    retention_hours: Positive = 24.0 * 8
    """Applied records are kept this long, for looking back; never less than replay needs."""


class CompanySettings(Section):
    """One company on Patchworks whose runs are collected."""

    url: str = "https://core.wearepatchworks.com/api/v1"
    """Base of the Core API; self-hosted and dashboard-proxied ones differ."""
    login_url: str = "https://svc-fabric.wearepatchworks.com/api/v1/login"
    """Where e-mail and password are turned into a token."""
    api_key: SecretStr | None = None
    """Preferred; e-mail and password are for those who may not make one."""
    email: str | None = None
    password: SecretStr | None = None
    timezone: str = "UTC"
    """In which the cron expressions of its schedules are meant."""
    poll_seconds: Positive = 15.0
    settle_seconds: Annotated[float, Field(ge=0)] = 10.0
    """How long after an instant everything about it is visible in the API."""
    requests_per_minute: Annotated[int, Field(ge=12, le=240)] = 120
    """Of the 240 that Patchworks allows: the dashboard and other clients need theirs."""
    backfill_days: Annotated[float, Field(ge=0, le=7)] = 7.0
    """How far to look back at first start. Patchworks keeps runs for seven days."""
    tracked_data: bool = True
    """Whether business keys are collected too, as far as the budget goes."""
    success_log_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Share of the runs that went well whose whole log is read too."""

    @field_validator("url", "login_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("must be an address such as https://core.wearepatchworks.com/api/v1")
        if parts.username or parts.password:
            raise ValueError("must not hold a user or a password")
        return value.rstrip("/")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return _zone(value)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.api_key is None and (self.email is None or self.password is None):
            raise ValueError("needs an api_key, or an email and a password")
        return self


class CollectSettings(Section):
    """What collecting from Patchworks needs beside the companies."""

    path: Path = Path(".run/collect.db")
    """Where it notes how far it has come."""
    ingest_token: SecretStr | None = None
    """Of the ingest that ``cogentai collect --to URL`` posts to."""


class MetricsSettings(Section):
    """Health and metrics."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 9464
    max_flows: Annotated[int, Field(ge=0)] = 500
    """Flows with metrics of their own; the rest are summed under ``flow_id="_other"``."""


class Settings(BaseSettings):
    """The whole."""

    model_config = SettingsConfigDict(
        env_prefix="COGENTAI_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    engine: EngineSettings = EngineSettings()
    ingest: IngestSettings = IngestSettings()
    kafka: KafkaSettings = KafkaSettings()
    journal: JournalSettings = JournalSettings()
    metrics: MetricsSettings = MetricsSettings()
    collect: CollectSettings = CollectSettings()
    patchworks: dict[
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")], CompanySettings
    ] = {}
    """Companies on Patchworks, by the name of their tenant."""

    @classmethod
    def load(cls) -> Self:
        """Read the settings of this process from file and environment."""
        return cls()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = [init_settings, env_settings]
        if folder := os.environ.get("COGENTAI_SECRETS_DIR"):
            sources.append(
                NestedSecretsSettingsSource(
                    file_secret_settings,
                    secrets_dir=folder,
                    secrets_dir_missing="error",
                    secrets_prefix="",
                    secrets_nested_delimiter="__",
                )
            )
        file = os.environ.get("COGENTAI_CONFIG")
        if file and not Path(file).is_file():  # the defaults instead would leave the edge open
            raise SettingsError(f"COGENTAI_CONFIG names {file}, which is no file")
        file = file or "cogentai.toml"
        try:
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=file))
        except (UnicodeDecodeError, RecursionError):
            raise SettingsError(f"{file} is not UTF-8, or nested too deeply") from None
        return tuple(sources)
