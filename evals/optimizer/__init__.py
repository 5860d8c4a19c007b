"""How good the optimizer's choices are, on recordings whose texts, voices and ways of being spoiled it has never met."""
