"""Columnar files, by pyarrow: `signs` (which are) → `source` (their batches) → `values` → `table`; `writer`.

`kinds` says which types of values a kind of column may have. Start with `table.py`. None of it loads pandas.
"""
