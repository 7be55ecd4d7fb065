"""-h: what a command does and which flags it takes, in our own words."""
from __future__ import annotations

from .args import Flag
from .commands import Command, commands


def help_on(command: Command) -> str:
    """The text for --help; for kubectl alone, and for groups, the commands below."""
    lines = [command.about, ""]
    below = [c for c in commands().values() if c.path and c.path.rpartition(" ")[0] == command.path]
    if below:
        names = [c.path.rpartition(" ")[2] for c in below]
        width = max(map(len, names)) + 2
        lines += ["Available Commands:", *(f"  {name.ljust(width)}{c.about}" for name, c in zip(names, below)), ""]
    if command.aliases:
        lines += ["Aliases:", f"  {', '.join([command.path.rpartition(' ')[2], *command.aliases])}", ""]
    own = [flag for flag in command.flags.values() if flag.name not in commands()[""].flags]
    if own:
        lines += ["Options:", *map(_option, sorted(own, key=_by_name)), ""]
    lines += ["Usage:", f"  {command.name} {command.usage}".rstrip(), ""]
    if below:
        lines.append(f'Use "{command.name} <command> --help" for more information about a given command.')
    lines.append('Use "kubectl options" for a list of global command-line options (applies to all commands).')
    return "\n".join(lines) + "\n"


def _by_name(flag: Flag) -> str:
    return flag.name


def _option(flag: Flag) -> str:
    match flag.type:
        case "bool" | "int":
            shown = str(flag.default).lower()
        case "duration":
            shown = f"{flag.default // 1000}s"
        case "slice" | "array":
            shown = "[]"
        case _:
            shown = f"'{flag.default}'"
    return f"    {f'-{flag.short}, ' if flag.short else ''}--{flag.name}={shown}"


def options() -> str:
    """`kubectl options`."""
    flags = sorted(commands()[""].flags.values(), key=_by_name)
    return "The following options can be passed to any command:\n\n" + "".join(f"{_option(flag)}\n" for flag in flags)
