"""What people would otherwise pick, each in a process of its own, on the very same records."""
