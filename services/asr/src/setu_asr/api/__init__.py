"""What the asr service answers itself, beside operations."""
