"""Evaluations: how good it is, measured."""
