"""The HTTP edge: events in, durable in the log before they are acknowledged."""
