"""Torch modules: `torch` lowers one; `trace` follows its forward pass; operations have a module for each kind."""
