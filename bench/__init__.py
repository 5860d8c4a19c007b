"""Measurements of Setu's speed, each against a plain counterpart in the same run. ``make bench`` runs them all."""
