from __future__ import annotations

import ssl

import pytest
from faust import SSLCredentials
from faust.types.auth import AuthProtocol

from pipeline.log.security import connection, faust_security
from pipeline.settings import KafkaSettings


def sasl(protocol: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap="a:9092,b:9092",
        security_protocol=protocol,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="worker",
        sasl_password="hush",
    )


def test_every_address_is_handed_on():
    assert connection(sasl("PLAINTEXT"))["bootstrap_servers"] == ["a:9092", "b:9092"]


def test_credentials_are_handed_on_only_where_the_protocol_asks_for_them():
    assert "sasl_plain_password" not in connection(sasl("PLAINTEXT"))
    assert connection(sasl("SASL_PLAINTEXT"))["sasl_plain_password"] == "hush"


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_certificates_are_checked(protocol: str):
    context = connection(sasl(protocol))["ssl_context"]

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_faust_gets_the_same_credentials():
    credentials = faust_security(sasl("SASL_SSL"))["broker_credentials"]

    assert (credentials.username, credentials.password) == ("worker", "hush")
    assert credentials.protocol is AuthProtocol.SASL_SSL
    assert credentials.mechanism.value == "SCRAM-SHA-512"
    assert isinstance(faust_security(sasl("SSL"))["broker_credentials"], SSLCredentials)


def test_the_password_shows_in_no_representation():
    settings = sasl("SASL_PLAINTEXT")

    assert "hush" not in f"{settings!r} {faust_security(settings)!r}"
