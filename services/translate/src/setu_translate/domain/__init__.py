"""What is known of translating without any I/O."""
