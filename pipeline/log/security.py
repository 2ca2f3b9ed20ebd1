"""How every Kafka client of ours reaches the cluster, and proves who it is."""

from __future__ import annotations

import ssl
from typing import Any

from pipeline.settings import KafkaSettings


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that aiokafka and kafka-python share, by the names both know.

    Certificates are checked against the system's authorities, or those that the environment
    variable ``SSL_CERT_FILE`` names.

    Examples
    --------
    >>> connection(KafkaSettings(bootstrap="kafka:9092"))
    {'bootstrap_servers': ['kafka:9092'], 'security_protocol': 'PLAINTEXT'}
    """
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security_protocol,
    }
    if "SSL" in settings.security_protocol:
        arguments["ssl_context"] = ssl.create_default_context()
    if settings.security_protocol.startswith("SASL"):
        password = settings.sasl_password
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism or "PLAIN",
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return arguments


def faust_security(settings: KafkaSettings) -> dict[str, Any]:
    """Return the same for a Faust app, which has a form of its own for it.

    Examples
    --------
    >>> faust_security(KafkaSettings())
    {}
    >>> secret = {"security_protocol": "SASL_PLAINTEXT", "sasl_username": "worker"}
    >>> faust_security(KafkaSettings(**secret, sasl_mechanism="SCRAM-SHA-512"))
    {'broker_credentials': <SASLCredentials: username=worker>}
    """
    from faust import SASLCredentials, SSLCredentials

    arguments = connection(settings)
    context = arguments.get("ssl_context")
    if "sasl_mechanism" in arguments:
        credentials = SASLCredentials(
            username=arguments["sasl_plain_username"],
            password=arguments["sasl_plain_password"],
            mechanism=arguments["sasl_mechanism"],
            ssl_context=context,
        )
    elif context is not None:
        credentials = SSLCredentials(context)
    else:
        return {}
    return {"broker_credentials": credentials}
