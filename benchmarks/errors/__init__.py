"""What reading errors costs, and how often a flow's ordinary errors raise a false alarm."""
