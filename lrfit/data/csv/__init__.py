"""CSV: `blocks` (bytes) → `left_out` → `header` → `parse` (`fast`, else `strict`; both by `cells`) → `table`.

`hints` ends the messages about bad cells, `foreign` tells files that are no CSV. Start with `table.py`.
"""
