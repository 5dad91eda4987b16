"""What kinds of work there are, by area: each spec with its result."""
