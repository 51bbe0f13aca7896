"""Arrays: what arguments must look like, and lists of unequal length, growing ones, and tables of keys.

Nothing here knows of networks. Modules are named after what they handle.
"""
