from __future__ import annotations

from pipeline.engine.identity import alert_id, fingerprint


def test_ids_keep_their_parts_apart() -> None:
    assert fingerprint("a", "b:c", "volume") != fingerprint("a:b", "c", "volume")
    assert alert_id("a", "b", "volume", 60) != alert_id("a", "b", "volume", 120)
    assert len(alert_id("a", "b", "volume", 60)) == 16
