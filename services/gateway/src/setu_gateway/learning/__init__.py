"""What jobs and their corrections teach: written down with the job's end, handed on to the optimizer, taken back when a job is erased."""
