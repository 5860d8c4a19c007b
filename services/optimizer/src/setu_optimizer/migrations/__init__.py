"""The optimizer's schema, step by step."""
