"""What Setu's parts share: contracts, errors, settings, HTTP clients and the durable core."""
