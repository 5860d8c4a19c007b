"""What the optimizer learns from: error rates and times of every candidate, measured on recordings whose words are known."""
