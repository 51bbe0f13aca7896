"""What can be asked of all regions of a partition together: facets, faces, pieces, tables.

A module is named after what it answers; functions take a partition first.
"""
