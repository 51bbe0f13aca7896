"""What can be asked of cells, one or many, that are given by a network and activation patterns.

A module is named after what it answers. Where a question makes sense for one and for many, the same code answers both.
"""
