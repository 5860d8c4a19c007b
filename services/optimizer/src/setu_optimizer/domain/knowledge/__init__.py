"""What is remembered across episodes: names, terms and edits, and how sure that is."""
