"""Samples and fakes for tests of the gateway, and of what stands on it."""
