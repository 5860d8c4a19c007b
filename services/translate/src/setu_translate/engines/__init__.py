"""What translates: a Protocol, and what speaks to a language model's server."""
