"""What an operator looks at first."""

from __future__ import annotations

from collections.abc import Mapping

from detectors.errors.taxonomy import MEANING
from pipeline.engine.finding import COUNTED, Finding
from schemas.alerts import AlertSignal

_NEXT_STEP: Mapping[AlertSignal, str] = {
    "volume": "Check that the flow is deployed and enabled, that its trigger still fires (webhook "
    "subscription, schedule), and that the source system has new records.",
    "silence": "Open the flow's schedule and its last run: disabled, still running, or held in "
    "the queue?",
    "errors": "Open a failed run and read its first error; if all name one system, check that "
    "system's status and credentials.",
    "records": "Compare what the source holds with what the last runs took in: a filter, a page "
    "limit or a cut-off date may have changed.",
    "partial": "Open a run that succeeded in part and see which records it left behind.",
    "warnings": "Read the warnings of a current run; they often name what fails next.",
    "retries": "Find what the retried runs have in common: one system that refuses or times out is "
    "the usual cause.",
    "duplicates": "Look for a webhook sent twice or a re-sync in the source system, and check that "
    "the target was not written twice.",
    "wait": "See which flow fills the queue and whether the limit of concurrent runs is reached.",
    "missing": "Compare a record of now with one of yesterday: a mapping, or the source's fields, "
    "may have changed.",
    "latency": "Find the slow step in a current run; a slow answer from one connector, or a "
    "larger payload, is the usual cause.",
    "backlog": "See which flow fills the queue and whether runs still finish; raise its priority "
    "or pause less urgent flows.",
    "failure": "Nothing has failed yet: look at the reasons named above before it does.",
    "new_error": "Open the sample run and read the log around its first error.",
    "error_mix": "Open the sample run and read the log around its first error.",
    "collector": "Restart the collector or restore its access; until then the engine cannot see "
    "these flows, and keeps quiet about them.",
}

_TOO_MUCH = (
    "Look for a repeated trigger or a re-sync in the source system, and watch the queue and the "
    "rate limits of the target."
)


def next_step(finding: Finding) -> str:
    """Say what an operator looks at first."""
    if finding.signal in COUNTED and finding.high:
        return _TOO_MUCH
    if finding.quote is not None and finding.quote.kind != "unknown":
        return f"{MEANING[finding.quote.kind].next_step} Sample: run {finding.quote.run_id}."
    return _NEXT_STEP[finding.signal]
