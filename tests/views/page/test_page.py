"""The page as a document, and what it computes with. `test_page_in_browser.py` runs it."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import DataError, DivergenceError, UsageError
from lrfit.training.settings import TrainingSettings
from lrfit.views.page import html
from lrfit.views.page.page_data import MOST_FEATURES, MOST_SHOWN, PageData, page_data

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>&lt;\u2028\u2029\u202e\x1b[31m",
    "javascript:alert(1)//'\"`${1}",
]


def some_rows(n_samples=12, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(3.0, 2.0, (n_samples, n_features + 1))
    rows[:, -1] += rows[:, :-1].sum(axis=1)
    return rows


def contents_of(rows, names=None, source="data.csv", **settings):
    names = names or [f"x{i}" for i in range(rows.shape[1] - 1)] + ["y"]
    plan = plan_of(
        Moments.of_rows(rows),
        TrainingSettings(**settings),
        RowStore.of(rows),
        features=names[:-1],
        target=names[-1],
    )
    return plan, vars(page_data(plan, source=source, command="lrfit train data.csv"))


class Elements(HTMLParser):
    """The elements of a document with their attributes, and the texts of its scripts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def ordinary():
    return Elements(html.page(PageData(**contents_of(some_rows(n_features=4))[1])))


def test_the_policy_allows_the_scripts_of_the_page_and_nothing_else(ordinary):
    (policy,) = (a["content"] for _, a in ordinary.tags if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    assert rules.pop("style-src") == "'unsafe-inline'"
    assert rules.pop("img-src") == "data: blob:"
    data, *scripts = ordinary.scripts
    assert json.loads(data)["source"] == "data.csv"
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert rules == {"script-src": " ".join(f"'sha256-{digest}'" for digest in hashes)}


def test_the_page_names_no_other_file(ordinary):
    named = [attrs[key] for _, attrs in ordinary.tags for key in ("src", "href", "action") if key in attrs]
    assert named == ["data:,"]
    assert not any(key.startswith("on") or key == "style" for _, attrs in ordinary.tags for key in attrs)


def test_every_control_has_a_label(ordinary):
    labelled = {attrs["for"] for tag, attrs in ordinary.tags if tag == "label" and "for" in attrs}
    for tag, attrs in ordinary.tags:
        if tag in ("input", "select"):
            assert attrs["id"] in labelled or "aria-label" in attrs or attrs["id"] in ("across", "up"), attrs


def test_names_of_any_kind_stay_texts(ordinary):
    _, contents = contents_of(some_rows(n_features=4), HOSTILE, source=HOSTILE[0])
    hostile = Elements(html.page(PageData(**contents)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in ordinary.tags]
    assert hostile.scripts[1:] == ordinary.scripts[1:]
    data = json.loads(hostile.scripts[0])
    assert [*data["features"][:3], data["target"], data["source"]] == [*HOSTILE[:3], HOSTILE[4], HOSTILE[0]]
    assert data["features"][3].isprintable()
    assert not re.search(r"[<>&\u2028\u2029]", hostile.scripts[0])


def test_every_op_of_its_programs_has_a_kernel_in_the_page():
    source = files("lrfit.views.page").joinpath("assets", "executor.js").read_text()
    table = source[source.index("const KERNELS = {") :].partition("\n};")[0]
    kernels = set(re.findall(r"^  (\w+)[:,]", table, re.MULTILINE))
    without = {"constant", "placeholder", "variable", "group"}
    for settings in ({}, {"l2": 0.1}, {"fit_intercept": False}, {"standardize": True, "momentum": 0.5}):
        programs = contents_of(some_rows(), **settings)[1]["programs"]
        documents = [program for program in programs.values() if isinstance(program, dict)]
        assert {node["op"] for one in documents for node in one["nodes"]} <= kernels | without


@pytest.mark.parametrize("settings", [{}, {"fit_intercept": False}, {"standardize": True, "l2": 0.3}])
def test_the_ellipses_are_those_of_the_objective(settings):
    """½·‖A·(θ - θ*)‖² with the A and θ* of the page, in the units of descent, is the excess of the data."""
    plan, contents = contents_of(some_rows(), **settings)
    theta = np.random.default_rng(1).normal(size=len(contents["minimizer"]))
    excess = 0.5 * np.sum(np.square(contents["root"] @ (theta - contents["minimizer"])))
    assert excess == pytest.approx(plan.objective.excess(theta) * plan.loss_unit, rel=1e-10)


def test_large_data_give_a_small_page_with_a_sample_of_the_rows():
    rows = some_rows(50_000, 1)
    _, contents = contents_of(rows)
    assert contents["n_samples"] == 50_000
    assert not contents["has_all_rows"]
    assert len(contents["rows"]) == MOST_SHOWN
    assert {tuple(row) for row in contents["rows"]} <= {tuple(row) for row in rows.tolist()}
    assert contents_of(rows)[1] == contents
    assert contents_of(rows, seed=1)[1]["rows"] != contents["rows"]
    assert contents_of(rows, seed=1)[1]["points"] == contents["points"]
    assert len(json.dumps(contents)) < 100_000


@pytest.mark.parametrize(("n_samples", "n_shown"), [(12, 12), (MOST_SHOWN, MOST_SHOWN), (1500, MOST_SHOWN)])
def test_of_rows_with_weights_the_page_takes_no_batches(n_samples, n_shown):
    """Though it has room for them: it would need their weights, too."""
    rows = some_rows(n_samples, 1)
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(), RowStore.of(rows))
    plan = replace(plan, data=replace(plan.data, weights="n"))
    contents = vars(page_data(plan, source="data.csv", command="lrfit train data.csv"))
    assert not contents["has_all_rows"]
    assert len(contents["rows"]) == n_shown


def test_mini_batches_need_all_rows_in_the_page():
    with pytest.raises(UsageError, match=r"room for 20000 numbers, and there are 22000: leave out batch"):
        contents_of(some_rows(11_000, 1), batch_size=5)


def test_too_many_features_are_refused():
    _, contents = contents_of(some_rows(3, MOST_FEATURES))
    assert len(contents["features"]) == MOST_FEATURES
    with pytest.raises(DataError, match=r"room for 99 features, and there are 100: choose some \(x\)"):
        contents_of(some_rows(3, MOST_FEATURES + 1))


def test_a_start_without_a_loss_is_refused():
    with pytest.raises(DivergenceError, match="the loss at the start is not finite"):
        contents_of(some_rows(), init=(1e200, 1e200, 0.0))


@pytest.mark.parametrize(
    ("rows", "bound"),
    [
        ([[0.0, 1.0], [0.0, 2.0]], None),  # the loss does not depend on W
        ([[1.0, 2.0], [3.0, 6.0]], 2.0 / 5.0),
    ],
)
def test_the_largest_stable_rate_may_be_any(rows, bound):
    assert contents_of(np.array(rows), fit_intercept=False)[1]["max_stable_rate"] == pytest.approx(bound)


def test_the_stable_rate_is_that_without_momentum():
    """To which the page adds that of its own."""
    plain = contents_of(some_rows())[1]["max_stable_rate"]
    assert contents_of(some_rows(), momentum=0.7)[1]["max_stable_rate"] == pytest.approx(plain, rel=1e-15)


def test_the_fastest_rate_is_that_of_lr_auto_without_momentum():
    plan, contents = contents_of(some_rows(), learning_rate="auto")
    assert contents["fastest_rate"] == plan.learning_rate
    moments = np.cov(some_rows()[:, :2].T, bias=True) + np.outer(*[np.mean(some_rows()[:, :2], axis=0)] * 2)
    extremes = np.linalg.eigvalsh(moments)
    assert contents_of(some_rows(), fit_intercept=False, momentum=0.7)[1]["fastest_rate"] == pytest.approx(
        2.0 / (extremes[0] + extremes[-1])
    )


def test_numbers_that_are_not_finite_make_no_page():
    _, contents = contents_of(some_rows())
    with pytest.raises(DataError, match="would not be finite"):
        html.page(PageData(**{**contents, "loss_unit": float("inf")}))


def test_a_page_needs_rows():
    plan = plan_of(Moments.of_rows(some_rows()), TrainingSettings())
    with pytest.raises(ValueError, match="a page shows rows, and there are none"):
        page_data(plan, source="data.csv", command="lrfit train data.csv")
