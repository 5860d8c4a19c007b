"""The `setu` command: the stack on one machine, jobs, reports."""

from setu_common.starting import begin

begin()
