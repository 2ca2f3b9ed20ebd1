"""Defects of Faust that our settings and our worker keep away, each with the test that says so.

A new release of Faust may bring any of them back without a word: these tests would tell. They run
on a real broker, and drive either the worker or an agent of a test's own in an app by ``make_app``.
Every docstring says what plain Faust 0.15.3 does. Those tested elsewhere:

- A worker that slept past its session writes its stale state over its successor's:
  ``tests/e2e/test_kafka_worker.py``; with a table and a changelog: ``tests/chaos/zombie_table.py``.
- The group's offsets run ahead of what is applied: ``tests/e2e/test_group_offsets.py``.
- Files are left in the working folder: ``tests/e2e/test_group_offsets.py``.
- A consumer that falls silent is never noticed: ``tests/pipeline/worker/test_watchdog.py``.
- A worker cannot stop while the cluster is frozen: ``tests/e2e/test_frozen_broker.py``.
"""
