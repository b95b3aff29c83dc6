"""Plans of runs from moments and rows alone, with names and a fingerprint as they are needed."""

from dataclasses import dataclass, replace

from lrfit.analysis.moments import Moments
from lrfit.data.training_data import TrainingData
from lrfit.training.planning import plan_training
from lrfit.training.summary import summarize


@dataclass(frozen=True)
class GivenSample:
    """As much of a sample as plans and summaries look at."""

    moments: Moments
    fingerprint: str | None


def data_of(moments, rows=None, *, held_out=None, features=None, target="y", fingerprint="f"):
    names = features or [f"x{i}" for i in range(moments.n_features)]
    return TrainingData(tuple(names), target, GivenSample(moments, fingerprint), held_out, rows)


def plan_of(moments, settings, rows=None, **names):
    return plan_training(data_of(moments, rows, **names), settings)


def renamed(plan, features, target="y", fingerprint="f"):
    """The plan with data of these names."""
    sample = GivenSample(plan.moments, fingerprint)
    data = replace(plan.data, features=tuple(features), target=target, sample=sample)
    return replace(plan, data=data)


def summary_of(plan, record, features, target="y", *, fingerprint="f"):
    return summarize(renamed(plan, features, target, fingerprint), record)
