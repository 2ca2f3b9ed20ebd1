"""Flows with few runs: missing and late runs by cadence, and each run judged against the last."""
