"""Everything that touches the world: ingest, the log, the engine, workers, outputs, commands."""
