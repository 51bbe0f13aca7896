"""Proof logs: written here, checked by a program that needs nothing of this package.

`checker` is that program, `write` writes what it reads; `plane` and `tree` are named after the proofs that they find.
"""
