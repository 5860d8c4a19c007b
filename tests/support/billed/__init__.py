"""A service whose operations make calls that cost, to be killed while it does."""
