"""What the memory across episodes saves people; measuring.py says how it is measured."""
