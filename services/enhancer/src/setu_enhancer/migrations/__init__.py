"""The enhancer's schema, step by step."""
