"""The stack on one machine: real servers and every service as processes, none of which outlives the stack."""
