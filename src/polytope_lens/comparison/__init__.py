"""Two networks on one domain: how far apart they are, and which of their regions overlap.

A module is named after what it makes.
"""
