"""Uploads: a form read as it comes, its file straight into the store."""
