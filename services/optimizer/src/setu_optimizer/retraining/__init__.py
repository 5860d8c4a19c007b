"""New models, trained from what was measured and what was observed since; promoted if they are better, and not otherwise."""
