"""The detectors on real telemetry with known incidents, read from a path and never kept here."""
