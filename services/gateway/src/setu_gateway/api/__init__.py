"""The routes. Thin: they read the request, call a use case and answer."""
