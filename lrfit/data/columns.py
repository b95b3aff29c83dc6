"""Columns: the choice of features and target among the names in a header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lrfit.errors import DataError, UsageError
from lrfit.messages import listed, shown, spelled

__all__ = ["check_known", "choose_columns", "first_repeated"]


def choose_columns(
    header: Sequence[str],
    x: Sequence[str] = (),
    y: str | None = None,
    *,
    drop: Sequence[str] = (),
    source_name: str = "the data",
) -> tuple[list[str], str]:
    """Names of the features, and the name of the target.

    Args:
        header: Names of all columns; "" for one without a name, which is never chosen by default.
        x: Names of the features. If empty, all columns but the target and those to drop, in file order.
        y: Name of the target. If None, the column `y`, or else the last of those that are not dropped.
        drop: Names of columns that are neither.
        source_name: The table's name in messages.

    Raises:
        DataError: A column does not exist, is chosen twice or has a name that another has, too; or there is
            no feature.
        UsageError: A column is both chosen and dropped.

    Examples:
        >>> choose_columns(["x", "y", "z"])
        (['x', 'z'], 'y')
        >>> choose_columns(["a", "b", ""])
        (['a'], 'b')
        >>> choose_columns(["id", "a", "b"], drop=["id"])
        (['a'], 'b')
    """
    left = [name for name in header if name and name not in drop]
    check_known(drop, header, source_name, may_repeat=True)
    if dropped := [name for name in (*x, *([] if y is None else [y])) if name in drop]:
        raise UsageError(f"column {shown(dropped[0])} is both chosen and left out ({spelled(drop=...)})")
    if not left:
        raise DataError(f"{source_name} has no column with a name that is left")
    target = ("y" if "y" in left else left[-1]) if y is None else y
    features = list(x) or [name for name in left if name != target]
    check_known([target, *features], header, source_name)
    twice = first_repeated([*features, target])
    if twice == target and y is None and list(x).count(twice) == 1:
        raise DataError(f"column {shown(twice)} is the target unless {spelled(y=...)} names another")
    if twice is not None:
        raise DataError(
            f"column {shown(twice)} is listed twice; {spelled(x=...)} and {spelled(y=...)} "
            "take each column once"
        )
    if not features:
        raise DataError(
            f"{source_name} has one column, {shown(target)}; a fit needs two{_one_column_hint(target)}"
        )
    if "intercept" in features:
        raise DataError(
            "a feature cannot be named 'intercept', which is a name of the model; rename the column, "
            f"or choose others with {spelled(x=...)}"
        )
    return features, target


def first_repeated(names: Sequence[str]) -> str | None:
    """The first name that occurs more than once; None if there is none."""
    return next((name for name, n_times in Counter(names).items() if n_times > 1), None)


def check_known(
    names: Sequence[str], header: Sequence[str], source_name: str, *, may_repeat: bool = False
) -> None:
    """Check that the header has all these names, each of them once.

    Raises:
        DataError: It lacks one of them, and the message suggests a similar name; or it has one twice.
    """
    counts = Counter(header)
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None and not may_repeat:
        raise DataError(
            f"{source_name}: two columns are named {shown(twice)}; rename one, "
            f"or leave both out ({spelled(drop=twice)})"
        )
    name = next((name for name in names if name not in counts), None)
    if name is None:
        return
    from difflib import get_close_matches  # noqa: PLC0415 (slow to import, and seldom needed)

    close = [
        *(column for column in header if column.lower() == name.lower()),
        *get_close_matches(name, header),
    ]
    suggestion = f"; did you mean {shown(close[0])}?" if close else ""
    hint = _one_column_hint(header[0]) if len(header) == 1 else ""
    raise DataError(f"{source_name} has no column {shown(name)}, only {listed(header)}{suggestion}{hint}")


def _one_column_hint(name: str) -> str:
    if name.startswith("#"):
        return "; if the first row is a comment, delete it"
    if name.startswith(("{", "[")):
        return "; it is JSON: a model, or data that have to be CSV?"
    from lrfit.data.csv.hints import separator_hint  # noqa: PLC0415 (most files need no hint)

    return separator_hint(name)
