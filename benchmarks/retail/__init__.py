"""Labelled simulated retailers, and how well flow detectors find what is wrong in them."""
