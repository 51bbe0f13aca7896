"""Proof logs: written here, checked by a program that needs nothing of this package.

`checker` is that program, `write` writes what it reads; `plane` and `tree` are named after the forms of proof, `log`,
`log_chart` and `log_pieces` after what is in a log.
"""
