"""Signs that are proved: floats with error bounds first, rational numbers where those cannot tell."""
