"""A detector for any numeric series: level, shape, context and record, one value at a time.

It needs no season, no unit and no fixed sampling. Source: detection notes, generic detector.
"""

from __future__ import annotations

from detectors.generic.detector import GenericDetector, Judgement

__all__ = ["GenericDetector", "Judgement"]
