"""The contracts: every event, signal and alert that crosses a boundary, defined once."""
