"""How things are drawn with matplotlib that know of no network: axes, scales, lines, polygons.

Its modules import matplotlib, but for `picture_style`, and are themselves imported when something is drawn.
"""
