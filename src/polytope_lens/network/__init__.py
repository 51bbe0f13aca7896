"""The canonical form of a network as plain data, its patterns and affine maps, and networks made of networks.

Nothing here knows of polytopes. Modules are named after what they define: a `network`, a `pattern`, an affine map, a
flat (`subspace`), a `pair` of networks as one, a network with a single output (`scalar`).
"""
