"""Facet-crossing search: the regions around a point, nearest first, where all of them would be too many.

`explore` is the question; the other modules are named after the part of the search that they hold.
"""
