"""What became of each line, for programs and for people."""
