"""A gate against regressions of detection: short measurements, and limits on their figures."""
