"""python -m tests.fuzz A.kubeconfig B.kubeconfig --seed N --runs K"""
from __future__ import annotations

import argparse
import sys

import yaml

from .differ import difference, smallest
from .remote import Remote
from .scenes import actions, beginning, step


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Play random scenarios on two clusters, and show where they differ.")
    parser.add_argument("kubeconfig", nargs=2)
    parser.add_argument("--seed", type=int, default=0, help="of the first scenario")
    parser.add_argument("--runs", type=int, default=10, help="scenarios at most")
    parser.add_argument("--length", type=int, default=8, help="actions in a scenario")
    parser.add_argument("--tries", type=int, default=40, help="plays at most to make a scenario smaller")
    parser.add_argument("--quiet", type=float, default=1.5, help="seconds without a change after which a cluster is at rest")
    args = parser.parse_args(argv)
    a, b = (Remote(file, args.quiet) for file in args.kubeconfig)
    for seed in range(args.seed, args.seed + args.runs):
        scenario = actions(seed, args.length)
        told = difference(scenario, a, b)
        print(f"seed {seed}: {told or 'equal'}", flush=True)
        if told:
            short = smallest(scenario, lambda shorter: bool(difference(shorter, a, b)), args.tries)
            print(f"\nthe smallest scenario found: {short}\n{difference(short, a, b)}\n")
            print(yaml.safe_dump({"name": f"fuzz-{seed}", "steps": [*beginning(), *map(step, short)]}, sort_keys=False))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
