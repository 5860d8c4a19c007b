"""Answers read as contracts."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from setu_common.errors import DependencyUnavailable
from setu_common.http import Response

ModelT = TypeVar("ModelT", bound=BaseModel)


def read(response: Response, model: type[ModelT]) -> ModelT:
    """Parse an answer's body.

    Raises:
        DependencyUnavailable: it is not what the contract says: another version, or another program, answers there.
    """
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})[:5])
        raise DependencyUnavailable(
            f"{response.request.url.path} answered something that is no {model.__name__} (at: {fields or 'the whole'}); "
            "check that both sides have the same version"
        ) from None
