"""Corners, edges and faces of all regions of a bounded domain, each once: a module for the plane, one for space."""
