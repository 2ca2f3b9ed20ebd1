"""Reading errors: what a line says, which kind of trouble that is, and whether it is news."""
