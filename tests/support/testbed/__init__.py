"""What the tests stand on: real servers of their own, and what the root conftest.py makes fixtures of."""
