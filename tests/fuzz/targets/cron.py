"""A cron expression as the API tells it: when it is due next, or no cron at all.

The first line of an input is a time zone and minutes from the time of the tests, the second the
expression.
"""

from __future__ import annotations
