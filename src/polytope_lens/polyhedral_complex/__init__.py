"""polyhedral_complex."""
