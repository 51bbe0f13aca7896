"""Corners, edges and faces of all regions of a bounded domain, each once: in the plane and in space."""
