"""CSV: `blocks` (bytes, gzip) → `header` → `parse` (`fast`, else `strict`; both by `format`) → `table`.

`hints` ends the messages about bad cells, and `writer` writes. Start with `table.py`.
"""
