"""What a text says, by its language: numbers, negation, names, scripts, and how fast it must be read."""
