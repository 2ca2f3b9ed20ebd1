"""Measurements: figures in the documentation come from here, with their conditions."""
