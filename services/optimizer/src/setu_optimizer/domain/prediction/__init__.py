"""What a recording would cost in errors and time, transcribed in each of the ways there are, and which way is taken."""
