"""CSV: bytes, whole rows, checked numbers. Start with `table.py`."""
