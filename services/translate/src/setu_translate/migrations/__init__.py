"""The translate service's schema, step by step."""
