"""All regions of a domain as struct-of-arrays, what their search told besides, and how they are saved.

`partition` is the type, `provenance` and `archive` its origin and its file.
"""
