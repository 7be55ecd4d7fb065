"""sh, bash: the shell as a program."""
from __future__ import annotations

from ..process import Process, program
from ..shell.builtins import OPTIONS
from ..shell.interpreter import Shell

DIALECTS = {"busybox": "ash", "gnu": "dash"}


@program("sh", "ash", "dash", "bash")
def shell_program(p: Process) -> int:
    """sh [-euxc...] [script | file] [args]"""
    args, options, command = p.args, {}, False
    while args and args[0][:1] in "-+" and len(args[0]) > 1:
        flags, args = args[0], args[1:]
        if flags == "--":
            break
        if flags.startswith("--"):
            continue                                    # --login, --norc
        command = command or "c" in flags
        options.update({flag: flags[0] == "-" for flag in flags[1:]})
        if flags.endswith("o") and args:
            options[OPTIONS.get(args[0], "")] = True
            args = args[1:]
    dialect = "bash" if p.program == "bash" else DIALECTS[p.machine.image.family]
    if command:
        if not args:
            raise p.fail("-c requires an argument", 2)
        text, name, params, script = args[0], args[1] if len(args) > 1 else p.argv[0], args[2:], False
    elif args:
        content = p.read(args[0], "0: cannot open {arg}: No such file" if dialect == "dash" else "can't open '{arg}': {text}")
        if content is None:
            return 2 if dialect == "dash" else 127
        text, name, params, script = content, args[0], args[1:], True
    else:
        text, name, params, script = p.stdin.read(), p.argv[0], [], False
    shell = Shell(p, dialect, name, params)
    shell.script = script
    shell.options.update({name: on for name, on in options.items() if name in shell.options})
    return shell.run(text)
