"""Subtitle files: rendered from transcripts, kept in the store."""
