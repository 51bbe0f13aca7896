"""Linear programs, each method named after what it finds or how; README.md says which is for what."""
