"""Linear programs, and nearest points: exact ones, and floats that propose. README.md says which is for what.

A module is named after the arithmetic and the method, or after what it finds.
"""
