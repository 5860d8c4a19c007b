"""A job's way from the recording to its subtitles: a declared list of stages and the machine that follows it."""
