"""Tiny linear programs."""
