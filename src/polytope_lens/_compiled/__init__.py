"""_compiled."""
