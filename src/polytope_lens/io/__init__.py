"""Files: polytopes in the formats of other programs, and how files are written.

A format has a module of its name; `export` is the list of them, `files` how they reach the disk.
"""
