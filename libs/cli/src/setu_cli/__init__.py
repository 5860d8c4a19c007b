"""The `setu` command: the stack on one machine, jobs, reports."""
