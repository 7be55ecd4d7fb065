"""The ways to change an object by a document (API-55 to API-57), and the diff that `kubectl apply` makes (KCTL-32).

All are pure: arguments are never changed, results are plain dicts and lists that share with the document whatever a
patch does not touch.

A strategic merge is led by the types of `kinds/types.py`, which are handed in: a type has `form` ("struct", "list",
"map" ...), `fields` (by name, of structs) and `item` (of lists and maps); a field has `type`, `merge_key`,
`primitive_set`, `retain_keys`, `replace`.  What no type describes merges if it is a map and is replaced if it is a list.
"""
from .diff import three_way
from .merge import Unknown, go_text, item, member, merge_patch, strategic_merge
from .operations import json_patch

__all__ = ["Unknown", "go_text", "item", "json_patch", "member", "merge_patch", "strategic_merge", "three_way"]
