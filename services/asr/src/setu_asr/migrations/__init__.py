"""The asr service's schema, step by step."""
