"""What the API server answers when it refuses: one class per reason, each of which knows its Status.

Texts and codes are those of rules API-20 to API-23; a refusal changes nothing.
"""
from __future__ import annotations

import json
from typing import Any, NamedTuple


class FieldError(NamedTuple):
    """One complaint of validation: where, of which sort (the cause's reason), and the text after the path."""

    field: str
    reason: str
    body: str

    def __str__(self) -> str:
        return f"{self.field}: {self.body}"


def show(value: Any) -> str:
    """A value as field errors show it: strings quoted, numbers bare, the rest compact JSON (API-22)."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def required(field: str, detail: str = "") -> FieldError:
    return FieldError(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def invalid(field: str, value: Any, detail: str) -> FieldError:
    return FieldError(field, "FieldValueInvalid", f"Invalid value: {show(value)}: {detail}")


def unsupported(field: str, value: Any, supported: list[str]) -> FieldError:
    listed = ", ".join(f'"{s}"' for s in supported)
    return FieldError(field, "FieldValueNotSupported", f"Unsupported value: {show(value)}: supported values: {listed}")


def forbidden(field: str, detail: str) -> FieldError:
    return FieldError(field, "FieldValueForbidden", f"Forbidden: {detail}")


def duplicate(field: str, value: Any, detail: str = "") -> FieldError:
    return FieldError(field, "FieldValueDuplicate", f"Duplicate value: {show(value)}" + (f": {detail}" if detail else ""))


def not_found(field: str, value: Any) -> FieldError:
    return FieldError(field, "FieldValueNotFound", f"Not found: {show(value)}")


def too_long(field: str, limit: int) -> FieldError:
    return FieldError(field, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(field: str, count: int, limit: int) -> FieldError:
    return FieldError(field, "FieldValueTooMany", f"Too many: {count}: must have at most {limit} items")


class ApiError(Exception):
    """A refusal.  `status()` is the Status object that goes over the wire (API-20)."""

    code, reason = 500, "InternalError"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = {k: v for k, v in details.items() if v}

    def status(self) -> dict:
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = self.details
        return {**status, "code": self.code}

    def _render_traceback_(self) -> list[str]:
        """What IPython shows below the cell: the last line of a traceback, without the engine's frames."""
        return [f"{type(self).__name__}: {self}"]


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"


class NotFound(ApiError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(ApiError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    code, reason = 409, "Conflict"


class Expired(ApiError):
    code, reason = 410, "Expired"


class RequestEntityTooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"


class Internal(ApiError):
    code, reason = 500, "InternalError"


class ServerError(ApiError):
    """Code 500 without a reason: kubectl prints the bare message (API-2)."""

    code, reason = 500, ""


class Timeout(ApiError):
    code, reason = 504, "Timeout"


class Invalid(ApiError):
    """422: every complaint of validation at once (API-21), each a cause from which kubectl prints a line (API-23)."""

    code, reason = 422, "Invalid"

    def __init__(self, message: str = "", *, kind: str = "", group: str = "", name: str = "",
                 errors: list[FieldError] | tuple = ()) -> None:
        self.errors = list(dict.fromkeys(errors))
        if not message:
            listed = ", ".join(map(str, self.errors))
            body = listed if len(self.errors) == 1 else f"[{listed}]"
            message = f'{kind}.{group} "{name}" is invalid: {body}' if group else f'{kind} "{name}" is invalid: {body}'
        super().__init__(message, name=name, group=group, kind=kind, causes=[
            {"reason": e.reason, "message": e.body, "field": e.field} for e in self.errors])


def from_status(body: bytes | str, code: int) -> ApiError:
    """The error that a server's answer carries; where it is no Status, the text as it is."""
    try:
        status = json.loads(body)
        reason, message, details = status.get("reason", ""), status["message"], status.get("details") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        reason, message, details = "", body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body), {}
    kinds = {cls.reason: cls for cls in ApiError.__subclasses__()}
    if reason == "Invalid":
        error: ApiError = Invalid(message)
        error.details = details
        error.errors = [FieldError(c.get("field", ""), c.get("reason", ""), c.get("message", "")) for c in details.get("causes", [])]
        return error
    error = kinds.get(reason, ServerError)(message, **details)
    error.code = code
    return error
