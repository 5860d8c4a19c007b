"""What touches files, models and vendors' libraries."""
