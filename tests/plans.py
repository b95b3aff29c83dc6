"""Plans of runs from moments and rows alone, with names and a fingerprint as they are needed."""

from dataclasses import dataclass, replace

from lrfit.analysis.moments import Moments
from lrfit.data.kinds import Column
from lrfit.data.row_store import RowStore
from lrfit.data.training_data import TrainingData
from lrfit.training.planning import plan_training
from lrfit.training.summary import summarize


@dataclass(frozen=True)
class GivenSample:
    """As much of a sample as plans and summaries look at."""

    columns: tuple[Column, ...]
    moments: Moments
    fingerprint: str | None
    rows: RowStore | None
    part_sizes: tuple[int, ...] = ()
    spread_rows: None = None


def data_of(moments, rows=None, *, held_out=None, features=None, target="y", fingerprint="f"):
    names = features or [f"x{i}" for i in range(moments.n_features)]
    return TrainingData(target, GivenSample(columns_of(names), moments, fingerprint, rows), held_out)


def columns_of(names):
    return tuple(Column(name) for name in names)


def plan_of(moments, settings, rows=None, **names):
    return plan_training(data_of(moments, rows, **names), settings)


def renamed(plan, features, target="y", fingerprint="f"):
    """The plan with data of these names."""
    sample = replace(plan.data.sample, columns=columns_of(features), fingerprint=fingerprint)
    return replace(plan, data=replace(plan.data, target=target, sample=sample))


def summary_of(plan, record, features, target="y", *, fingerprint="f"):
    return summarize(renamed(plan, features, target, fingerprint), record)
