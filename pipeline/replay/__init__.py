"""Reading recorded events back into a log, in the order of their time."""
