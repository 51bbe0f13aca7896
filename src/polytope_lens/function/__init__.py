"""What can be asked of a network as a function on the domain of a partition: level sets, integrals, extrema.

A module is named after what it answers; functions take a partition first.
"""
