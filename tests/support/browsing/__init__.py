"""The dashboard in a real browser: driving it, judging it, and taking its pictures."""
