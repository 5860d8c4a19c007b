"""The one place that makes HTTP apps: problems for errors, ids in logs, trust at the door, probes, events."""

from setu_common.web.app import create_app
from setu_common.web.breakers import breakers_router
from setu_common.web.caller import Caller, CallerDep, SubmissionDep
from setu_common.web.events import EVENT_STREAM, events
from setu_common.web.hosts import AllowedHosts, HostNotAllowed
from setu_common.web.openapi import problems
from setu_common.web.problems import MalformedRequest, MethodNotAllowed
from setu_common.web.server import address, serve
from setu_common.web.shutdown import ClosingDep
from setu_common.web.trust import EdgeTrust, InsideTrust

__all__ = [
    "EVENT_STREAM",
    "AllowedHosts",
    "Caller",
    "CallerDep",
    "ClosingDep",
    "EdgeTrust",
    "HostNotAllowed",
    "InsideTrust",
    "MalformedRequest",
    "MethodNotAllowed",
    "SubmissionDep",
    "address",
    "breakers_router",
    "create_app",
    "events",
    "problems",
    "serve",
]
