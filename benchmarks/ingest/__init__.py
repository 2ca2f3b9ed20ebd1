"""What the HTTP edge takes in a second."""
