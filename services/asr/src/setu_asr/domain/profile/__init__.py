"""A recording's sound in figures: pure functions and meters that take a recording stretch by stretch, however long it is."""
