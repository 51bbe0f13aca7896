"""Tiny linear programs, and nearest points: exact ones, and floats that propose.

A module is named after the arithmetic and the method, or after what it finds.
"""
