"""The programs of the simulated images, one module a subject.  Importing this fills the table in process.py.

Each says what the real one says, in a busybox's words or in GNU's; options that are not known here are refused by name.
"""
from . import archive, awk, basic, databases, disk, ensembles, files, listing, names, redis, sed, servers, sh, system, text, web

__all__ = ["archive", "awk", "basic", "databases", "disk", "ensembles", "files", "listing", "names", "redis", "sed", "servers", "sh", "system", "text", "web"]
