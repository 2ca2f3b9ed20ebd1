"""What would have fired on history: per day and flow, at several budgets, in words and pictures."""
