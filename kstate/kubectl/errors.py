"""How kubectl tells that something went wrong: what it prints for the server's refusals and for its own."""
from __future__ import annotations

from ..errors import ApiError, Invalid
from .args import Failure

__all__ = ["Failure", "Several", "code_of", "from_source", "text_of"]


class Several(Exception):
    """More than one thing went wrong; each is told."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def code_of(error: Exception) -> int:
    return error.code if isinstance(error, Failure) else 1


def text_of(error: Exception) -> str:
    """The text for stderr, without the last newline."""
    if isinstance(error, Several):
        if len(error.errors) == 1:
            return text_of(error.errors[0])
        return "\n".join(_server(e) if isinstance(e, ApiError) else text_of(e).removeprefix("error: ") for e in error.errors)
    if isinstance(error, Failure):
        return error.text
    if isinstance(error, Invalid):
        return _invalid(error)
    return _server(error) if isinstance(error, ApiError) else f"error: {error}"


def _server(error: ApiError) -> str:
    if error.reason == "Unauthorized":
        return f"error: You must be logged in to the server ({error.message})"
    return f"Error from server{f' ({error.reason})' if error.reason else ''}: {error.message}"


def _invalid(error: Invalid) -> str:
    details = error.details
    causes = list(dict.fromkeys(f"{c.get('field', '')}: {c.get('message', '')}" for c in details.get("causes", [])))
    said = "The request is invalid"
    if details.get("kind") or details.get("name"):
        said = f'The {details.get("kind", "")} "{details.get("name", "")}" is invalid'
    elif error.message and not causes:
        said += f": {error.message}"
    if not causes:
        return said
    return f"{said}: {causes[0]}" if len(causes) == 1 else f"{said}: " + "".join(f"\n* {cause}" for cause in causes)


def from_source(verb: str, source: str, error: Exception) -> Exception:
    """The same error, saying in which file the object stood: error when creating "STDIN": ..."""
    if not source:
        return error
    if isinstance(error, ApiError):
        error.message = f'error when {verb} "{source}": {error.message}'
        return error
    return Failure(f'error: error when {verb} "{source}": {text_of(error).removeprefix("error: ")}')
