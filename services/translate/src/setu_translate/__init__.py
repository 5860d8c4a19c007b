"""Machine translation of transcripts, as durable operations."""
