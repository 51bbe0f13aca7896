"""Pictures: `scene` turns a partition into plain arrays, and one module per drawing library draws them."""
