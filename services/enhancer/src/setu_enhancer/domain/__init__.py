"""What is to be said of lines and their translations: pure functions."""
