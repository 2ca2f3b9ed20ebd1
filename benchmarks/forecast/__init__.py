"""How well failures are foreseen, measured through the real detectors."""
