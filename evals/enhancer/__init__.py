"""How good the enhancer is: ``make eval-enhancer``."""
