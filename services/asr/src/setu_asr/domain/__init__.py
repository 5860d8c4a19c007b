"""What is known of sound and speech without any I/O."""
