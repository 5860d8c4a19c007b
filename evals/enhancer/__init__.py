"""How good the enhancer is; measuring.py says how it is measured."""
