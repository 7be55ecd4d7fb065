"""The three-way diff of `kubectl apply`: from what was applied last, what is wanted and what there is, to a patch (KCTL-32)."""
from __future__ import annotations

from typing import Any

from .merge import DIRECTIVE, ORDER, REMOVE, RETAIN, identity_by, item, member


def three_way(original: dict, modified: dict, current: dict, type: Any) -> dict:
    """The strategic merge patch that brings `current` to `modified`, `original` being what was applied last (KCTL-32).

    What `original` had and `modified` lacks is deleted; what only `current` has stays.  {} when there is nothing to do.
    As with kubectl, an element that only `current` has in a list with merge key is reason enough to send the order.
    """
    return _difference(original, modified, current, type, retain_keys=False)


def _difference(original: dict, modified: dict, current: dict, type: Any, retain_keys: bool) -> dict:
    patch: dict = {}
    for name, value in modified.items():
        field, had, now = member(type, name), original.get(name), current.get(name)
        if isinstance(value, dict) and (now is None or isinstance(now, dict)) and not field.replace:
            part = _difference(had if isinstance(had, dict) else {}, value, now or {}, field.type, field.retain_keys)
            if part or name not in current:
                patch[name] = part
        elif isinstance(value, list) and (now or had) and (field.merge_key or field.primitive_set):
            _list_difference(patch, name, had if isinstance(had, list) else [], value, now if isinstance(now, list) else None, field)
        elif name not in current or value != now:
            patch[name] = value
    patch.update({name: None for name in original if name not in modified})
    if patch and retain_keys and (current or None in patch.values()):
        patch[RETAIN] = sorted(name for name, value in modified.items() if value is not None)
    return patch


def _list_difference(patch: dict, name: str, original: list, modified: list, current: list | None, field: Any) -> None:
    live = current or []
    if field.merge_key:
        identity = identity_by(field.merge_key)
        had, now = ({identity(e): e for e in reversed(elements)} for elements in (original, live))
        wanted = {identity(e): e for e in modified}
        parts = {key: _difference(had.get(key, {}), element, now.get(key, {}), item(field.type), field.retain_keys)
                 for key, element in wanted.items()}
        gone = [{DIRECTIVE: "delete", field.merge_key: key} for key in sorted(had, key=str) if key not in wanted]
        changed = [{**part, field.merge_key: key} for key, part in parts.items() if part] + gone
        order = [{field.merge_key: key} for key in wanted]
        same_order = list(wanted) == [identity(e) for e in live]
    else:
        changed = [e for e in modified if e not in live]
        gone = [e for e in original if e not in modified]
        order, same_order = modified, modified == live
        if gone:
            patch[REMOVE + name] = gone
    if changed or current is None:
        patch[name] = changed
    if order and (gone or live and (changed or not same_order)):
        patch[ORDER + name] = order
