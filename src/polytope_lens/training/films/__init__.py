"""Films of a recording: `film` directs, `frames` draw, `panel_pixels` colour, `layout` says where things go."""
