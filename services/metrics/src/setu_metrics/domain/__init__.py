"""Pure functions of figures."""
