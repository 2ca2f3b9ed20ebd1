"""Events per second through the whole path, side by side with a bare consumer."""
