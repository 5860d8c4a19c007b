"""Where time and machines go: of one job, and of all jobs over time."""
