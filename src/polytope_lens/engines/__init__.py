"""Ways to find every region of a domain. All find the same ones."""
