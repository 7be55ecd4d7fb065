"""What must hold over the whole story, whatever the order of steps: the oracle of the property tests.

It reads the log alone and calls nothing of the engine.  Of what a controller does in order it judges by what that
controller could see: a stale view excuses an act that fits it, and nothing else.
"""
from __future__ import annotations

from kstate.world import Change

from . import order_objects, order_sets, order_storage
from .facts import Facts

ALWAYS = (*order_objects.RULES, *order_storage.RULES)
FRESH = (*order_objects.FRESH, *order_storage.FRESH)


def violations(log: list[Change], seen: dict[int, int] | None = None) -> list[str]:
    """Every breach of a rule in a history, in words.

    seen: for caches that lag, how much of the log a controller knew when it wrote an entry, by the entry's position."""
    live, view, known, found = Facts(), Facts(), 0, []
    for position, change in enumerate(log):
        if change.verb == "wait":
            continue
        breaches = [breach for rule in (ALWAYS if seen else ALWAYS + FRESH) for breach in rule(live, change)]
        if change.who == order_sets.CONTROLLER:
            upto = (seen or {}).get(position, position)
            for earlier in log[known:upto]:
                view.apply(earlier)
            known = max(known, upto)
            breaches += [breach for rule in order_sets.RULES for breach in rule(view, change)]
            view.apply(change)
        found += [f"r{change.revision}: {breach}" for breach in breaches]
        live.apply(change)
    return found
