"""What grows trees, and asks them."""
