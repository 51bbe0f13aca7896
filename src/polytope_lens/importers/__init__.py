"""Ways into the canonical form: one module per kind of model or file, each importing its own optional dependency.

`read` tells which; `graph` and `layering` are what all of them build. A kind that takes several modules is a folder.
"""
