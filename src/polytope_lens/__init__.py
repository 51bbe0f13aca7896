"""Exact polytope geometry of trained ReLU and leaky-ReLU networks."""
