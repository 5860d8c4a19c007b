"""``python -m composed``: the stack of docker-compose.yml from its images to its last volume, as ``make compose-test`` tries it."""
