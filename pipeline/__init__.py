"""Everything that touches the world: ingest, the log, the engine that drives the detectors, outputs."""
