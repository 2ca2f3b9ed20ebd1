"""Hostile input: whatever reads what others wrote is fed with what is nearly right, for long."""
