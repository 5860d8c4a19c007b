"""What Setu's work costs and takes."""
