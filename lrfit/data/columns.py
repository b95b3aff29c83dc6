"""Columns: the choice of features, target, weights and groups among the names in a header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lrfit.data.column_names import ColumnRequest, check_known, first_repeated, one_column_hint
from lrfit.data.kinds import MOST_LEVELS, Column, feature_names, too_many_levels
from lrfit.errors import DataError, UsageError
from lrfit.messages import listed, shown, spelled

__all__ = [
    "ColumnChoice",
    "check_features",
    "choose_columns",
    "columns_of_model",
]


_ALL = ColumnRequest()
"""All columns, with the target that is taken if nobody names one."""


class ColumnChoice(NamedTuple):
    """The columns that are read, in this order.

    Attributes:
        features: The features, with their kinds.
        target: Name of the target.
        weights: Name of the column of weights; None without.
        by: Name of the column of groups; None without.
    """

    features: tuple[Column, ...]
    target: str
    weights: str | None = None
    by: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """All of them, with their kinds."""
        others = [Column(self.target)]
        others += [Column(self.weights or "", "weight")] * (self.weights is not None)
        others += [Column(self.by or "", "category")] * (self.by is not None)
        return (*self.features, *others)


def choose_columns(
    header: Sequence[str],
    request: ColumnRequest = _ALL,
    *,
    source_name: str = "the data",
) -> ColumnChoice:
    """The columns that are read.

    Args:
        header: Names of all columns; "" for one without a name, which is never chosen by default.
        request: The columns that are wanted, by their names in this header.
        source_name: The table's name in messages.

    Raises:
        DataError: A column does not exist, is chosen twice or has a name that another has, too; or there is
            no feature.
        UsageError: A column is both chosen and dropped, or of two kinds.

    Examples:
        >>> choose_columns(["x", "y", "z"])
        ColumnChoice(features=(Column(name='x', kind='number', levels=None), \
Column(name='z', kind='number', levels=None)), target='y', weights=None, by=None)
        >>> choose_columns(["id", "a", "b", ""], ColumnRequest(drop=("id",))).target
        'b'
    """
    if request.known:
        return _choice_of_model(header, request, source_name)
    check_known(request.drop, header, source_name, may_repeat=True)
    _check_uses(request)
    aside = {*request.drop, request.weights, request.by}
    left = [name for name in header if name and name not in aside]
    if not left:
        raise DataError(f"{source_name} has no column with a name that is left")
    target = request.y if request.y is not None else _target(left, request)
    features = list(request.x) or [name for name in left if name != target]
    others = [name for name in (request.weights, request.by) if name is not None]
    check_known([target, *features, *others], header, source_name)
    _check_once(features, target, request)
    if not features:
        raise DataError(
            f"{source_name} has one column, {shown(target)}; a fit needs two{one_column_hint(target)}"
        )
    kinds = _kinds(features, target, request, header, source_name)
    columns = tuple(Column(name, kinds.get(name, "number")) for name in features)
    check_features([column for column in columns if column.kind != "category"], source_name)
    return ColumnChoice(columns, target, request.weights, request.by)


def _choice_of_model(header: Sequence[str], request: ColumnRequest, source_name: str) -> ColumnChoice:
    """The columns that hold the features of a model, and its target."""
    features = columns_of_model(request.known, request.x)
    names = [column.name for column in features]
    target = request.y or ""
    check_known([target, *names], header, source_name)
    _check_once(names, target, request)
    return ColumnChoice(features, target, request.weights, request.by)


def columns_of_model(known: Sequence[Column], x: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a model's features, with the names that they have in a table.

    Args:
        known: The columns, as the model has them.
        x: The names of those that hold them, in this order; empty if the names are the same.

    Raises:
        UsageError: There is another number of names.
    """
    if len(x) not in (0, len(known)):
        names = listed([column.name for column in known])
        raise UsageError(
            f"{spelled(x=...)} names {len(x)} column{'s' * (len(x) != 1)}, and the model has {len(known)} "
            f"({names}): name one for each, in this order"
        )
    return tuple(c._replace(name=name) for c, name in zip(known, x or [c.name for c in known], strict=True))


def _target(left: Sequence[str], request: ColumnRequest) -> str:
    """The target if nobody names it: `y`, else the last column that is a number."""
    numbers = [name for name in left if name not in (*request.dates, *request.categories)]
    return "y" if "y" in numbers else (numbers or left)[-1]


def _check_uses(request: ColumnRequest) -> None:
    """Refuse a column with two uses that exclude each other."""
    uses = [name for name in (*request.x, request.y, request.weights, request.by) if name is not None]
    if dropped := [name for name in (*uses, *request.dates, *request.categories) if name in request.drop]:
        raise UsageError(f"column {shown(dropped[0])} is both chosen and left out ({spelled(drop=...)})")
    for setting in ("weights", "by"):
        name = getattr(request, setting)
        if name is not None and uses.count(name) > 1:
            raise UsageError(f"column {shown(name)} of {spelled(**{setting: ...})} has another use, too")
    if both := [name for name in request.dates if name in request.categories]:
        raise UsageError(
            f"column {shown(both[0])} is of {spelled(dates=...)} and of {spelled(categories=...)}: choose one"
        )


def _check_once(features: Sequence[str], target: str, request: ColumnRequest) -> None:
    twice = first_repeated([*features, target])
    if twice == target and request.y is None and request.x.count(twice) == 1:
        raise DataError(f"column {shown(twice)} is the target unless {spelled(y=...)} names another")
    if twice is not None:
        raise DataError(
            f"column {shown(twice)} is listed twice; {spelled(x=...)} and {spelled(y=...)} "
            "take each column once"
        )


def _kinds(
    features: Sequence[str], target: str, request: ColumnRequest, header: Sequence[str], source_name: str
) -> dict[str, str]:
    """The kinds of the columns that are dates or categories; all of them have to be features."""
    kinds = {}
    for kind, setting in (("date", "dates"), ("category", "categories")):
        for name in getattr(request, setting):
            check_known([name], header, source_name)
            if name == target:
                raise UsageError(
                    f"column {shown(name)} is the target, which has to be numbers: "
                    f"{spelled(y=...)} names another"
                )
            if name not in features:
                raise UsageError(
                    f"column {shown(name)} of {spelled(**{setting: ...})} is not among the features"
                )
            kinds[name] = kind
    return kinds


def check_features(columns: Sequence[Column], source_name: str) -> None:
    """Check the names of the features of a model; the levels of all columns are known.

    Raises:
        DataError: A category has a single level, or features have the same name, or one that is reserved.
    """
    for column in columns:
        if len(column.levels or ()) > MOST_LEVELS:
            raise too_many_levels(column.name)
        if column.kind == "category" and len(column.levels or ()) == 1:
            raise DataError(
                f"{source_name}: column {shown(column.name)} has one level in every row, "
                f"{listed(column.levels or ())}; {spelled(drop=column.name)} leaves it out"
            )
    names = feature_names(columns)
    if twice := first_repeated(names):
        raise DataError(f"{source_name}: two features would be named {shown(twice)}; rename a column")
    if "intercept" in names:
        raise DataError(
            "a feature cannot be named 'intercept', which is a name of the model; rename the column, "
            f"or choose others with {spelled(x=...)}"
        )
