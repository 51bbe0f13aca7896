"""Questions about regions and partitions: pure functions of plain data."""
