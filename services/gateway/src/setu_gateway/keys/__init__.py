"""API keys: made and revoked in the database, known to every gateway within seconds."""
