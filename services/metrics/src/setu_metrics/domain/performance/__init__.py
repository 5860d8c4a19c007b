"""Where time goes: percentiles, what holds up, and what to do about it."""
