"""python -m tests.fuzz A.kubeconfig B.kubeconfig --seed N --runs K"""
from __future__ import annotations

import argparse
import sys

import yaml

from .differ import difference, smallest
from .remote import Remote
from .scenes import actions, beginning, step


class Blocks(yaml.SafeDumper):
    """Manifests in YAML that can be read."""


Blocks.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Play random scenarios on two clusters, and show where they differ.")
    parser.add_argument("kubeconfig", nargs=2)
    parser.add_argument("--seed", type=int, default=0, help="of the first scenario")
    parser.add_argument("--runs", type=int, default=10, help="scenarios at most")
    parser.add_argument("--length", type=int, default=8, help="actions in a scenario")
    parser.add_argument("--tries", type=int, default=40, help="plays at most to make a scenario smaller")
    parser.add_argument("--quiet", type=float, default=1.5, help="seconds without a change after which a cluster is at rest")
    args = parser.parse_args(argv)
    with Remote(args.kubeconfig[0], args.quiet) as a, Remote(args.kubeconfig[1], args.quiet) as b:
        return int(any(shown(seed, args.length, args.tries, a, b) for seed in range(args.seed, args.seed + args.runs)))


def shown(seed: int, length: int, tries: int, a: Remote, b: Remote) -> bool:
    """Play a scenario; print that the clusters are equal, or where they are not and the smallest scenario that shows it."""
    scenario = actions(seed, length)
    told = difference(scenario, a, b)
    print(f"seed {seed}: {told or 'equal'}", flush=True)
    if told:
        short = smallest(scenario, lambda shorter: bool(difference(shorter, a, b)), tries)
        print(f"\nthe smallest scenario found: {short}\n{difference(short, a, b)}\n")
        print(yaml.dump({"name": f"fuzz-{seed}", "steps": [*beginning(), *map(step, short)]}, Dumper=Blocks, sort_keys=False))
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
