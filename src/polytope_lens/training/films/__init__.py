"""Films of a recording: `film` directs, `frames` draw, `panel_pixels` colour, `layout` says where things go.

`tracks` are pictures of what becomes of regions, without a film.
"""
