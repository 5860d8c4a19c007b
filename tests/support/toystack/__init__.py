"""A stack of tiny processes, for tests of what keeps stacks up."""
