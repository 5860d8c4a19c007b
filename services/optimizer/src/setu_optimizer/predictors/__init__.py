"""Models that predict: trained, packed into files, loaded, and the one that is asked."""
