"""What follows from figures and texts: pure functions."""
