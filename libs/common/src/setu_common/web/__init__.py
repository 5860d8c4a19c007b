"""The one place that makes HTTP apps: problems for errors, ids in logs, trust at the door, probes, events."""

from setu_common.web.app import create_app
from setu_common.web.breakers import breakers_router
from setu_common.web.caller import Caller, CallerDep, SubmissionDep
from setu_common.web.events import EVENT_STREAM, events
from setu_common.web.hosts import ANY, AllowedHosts, HostNotAllowed
from setu_common.web.limits import RateLimited, RateLimits
from setu_common.web.metrics import Metrics
from setu_common.web.openapi import problems
from setu_common.web.problems import MalformedRequest, MethodNotAllowed
from setu_common.web.scopes import Allowed, ScopeLacking
from setu_common.web.server import address, serve
from setu_common.web.shutdown import ClosingDep
from setu_common.web.trust import EdgeTrust, Holder, InsideTrust, Keys

__all__ = [
    "ANY",
    "EVENT_STREAM",
    "Allowed",
    "AllowedHosts",
    "Caller",
    "CallerDep",
    "ClosingDep",
    "EdgeTrust",
    "Holder",
    "HostNotAllowed",
    "InsideTrust",
    "Keys",
    "MalformedRequest",
    "MethodNotAllowed",
    "Metrics",
    "RateLimited",
    "RateLimits",
    "ScopeLacking",
    "SubmissionDep",
    "address",
    "breakers_router",
    "create_app",
    "events",
    "problems",
    "serve",
]
