"""Pictures: `scene` turns a partition into plain arrays, and one module per kind of picture or library draws them."""
