"""Proof logs: written here, checked by a program that needs nothing of this package."""
