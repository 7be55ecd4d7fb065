"""A POSIX-like shell in small.

Reading order: syntax (the tree), words and parser (text -> tree), expansion (words -> arguments), builtins and interpreter
(the tree -> what happens), dialect (how three shells complain).  The program `sh` itself is in commands/sh.py.
"""
