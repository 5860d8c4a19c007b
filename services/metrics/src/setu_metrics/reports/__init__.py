"""What jobs, money and quality come to, for people: as text, as pages and as charts."""
