"""`kstate serve`: a fresh cluster on loopback, until a signal ends it."""
from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta

from ..cluster import Cluster
from .server import Server

AHEAD = timedelta(hours=1)      # how far virtual time may jump before it is past what clients call now (KCTL-92)
RESYNC = 2                      # s: the pvclaimbinder-sync-period of the control plane that the recordings show, so that nobody waits for 15


async def serve(port: int, kubeconfig: str | None, speed: str, nodes: int, seed: str) -> None:
    """Serve a fresh cluster.  Says that it is ready in one line, ends at SIGTERM and SIGINT.  Raises OSError."""
    start = datetime.now(UTC) - (AHEAD if speed == "max" else timedelta(0))
    number = int(seed) if seed.lstrip("-").isdigit() else seed
    server = Server(Cluster(nodes=nodes, seed=number, start=start.strftime("%Y-%m-%dT%H:%M:%SZ"), resync=RESYNC), port, speed)
    if kubeconfig:
        server.write_kubeconfig(kubeconfig)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: loop.call_soon_threadsafe(ended.set))
    print(f"kstate v1.36.2 ready on {server.url}" + (f", kubeconfig {kubeconfig}" if kubeconfig else ""), flush=True)
    await ended.wait()
    await server.stop()


def speed_of(text: str) -> str:
    """"max", or the text of a positive number."""
    if text != "max" and not (text.replace(".", "", 1).isdigit() and float(text) > 0):
        raise argparse.ArgumentTypeError("a number greater than 0, or max")
    return text


def main(argv: list[str] | None = None) -> int:
    """The command `kstate`; returns its exit code."""
    parser = argparse.ArgumentParser(prog="kstate", description="A simulated Kubernetes control plane.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="serve a fresh simulated cluster on loopback")
    command.add_argument("--port", type=int, default=0, help="0: any free one")
    command.add_argument("--kubeconfig", help="file to write; its current context is this cluster")
    command.add_argument("--speed", type=speed_of, default="1", help="virtual seconds per second, or max: settle after each request")
    command.add_argument("--nodes", type=int, default=3)
    command.add_argument("--seed", default="0", help="what chance depends on")
    args = parser.parse_args(argv)
    try:
        asyncio.run(serve(args.port, args.kubeconfig, args.speed, args.nodes, args.seed))
    except OSError as error:
        print(f"kstate: {error}", file=sys.stderr)
        return 1
    return 0
