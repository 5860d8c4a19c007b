"""What finished jobs and corrected subtitles say of recognisers: confidence, errors, and how sure that is. Pure."""
