"""The headers that carry what is not part of a request's body. The edge strips all but the first two and sets them itself."""

from typing import Final

REQUEST_ID: Final = "X-Request-Id"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
TENANT: Final = "Setu-Tenant"
JOB: Final = "Setu-Job"
PRIORITY: Final = "Setu-Priority"
REPLY_TO: Final = "Setu-Reply-To"
SCOPES: Final = "Setu-Scopes"  # what the caller's key is for, with spaces between them
DEADLINE: Final = "Setu-Deadline"  # seconds since 1970, UTC, with milliseconds
