"""What a caller is told when something went wrong (RFC 9457)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One field of a request that can't be taken."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where: a path such as `target_languages.0`")
    message: str


class Problem(BaseModel):
    """An ``application/problem+json`` body. ``code`` is stable; ``detail`` says what to do next.

    Extra members are read and kept, since RFC 9457 lets a sender add them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = "about:blank"
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = ""
    code: str
    retryable: bool = False
    retry_after_s: float | None = None
    request_id: str | None = None
    errors: list[FieldProblem] = Field(default_factory=list)
    context: dict[str, Any] = Field(default_factory=dict)  # Any: whatever JSON the error's raiser found worth telling
