"""The worlds: each is a retailer of its own structure."""
