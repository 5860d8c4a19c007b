"""Media made to do harm, or that break what opens them, and watchers that see whether anything outside was touched."""
