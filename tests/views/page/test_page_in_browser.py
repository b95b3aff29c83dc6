"""The page of `lrfit explore` in a browser: its numbers are those of `lrfit train`; nothing leaves it."""

import json
import shlex
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from browser import IS_THERE, headless
from commands_run import run_command
from plans import plan_of
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lrfit.analysis.convergence import Method
from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import DivergenceError
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings
from lrfit.views.page.page_data import page_data

SAMPLES = Path(__file__).parents[3] / "sample_data"
LAB = SAMPLES / "lab.csv"

pytestmark = pytest.mark.skipif(
    not IS_THERE, reason="there is no chromium with a chromedriver to show the page in"
)


@pytest.fixture(scope="module")
def browser():
    driver = headless()
    yield driver
    driver.quit()


_NO_CHARTS = "window.Plotly = { react(element, data) { element.data = data; }, Plots: { resize() {} } };"


class Page:
    """A page of `lrfit explore`, open in the browser; with `defaults` where nothing says how to descend."""

    defaults = ("--lr", "0.01")

    def __init__(self, browser, path):
        self.browser = browser
        browser.get(path.as_uri())

    def __getitem__(self, name):
        return self.browser.find_element(By.ID, name)

    def click(self, name, n_times=1):
        self.evaluate(f"for (let k = 0; k < {n_times}; k++) document.getElementById('{name}').click()")

    def type(self, name, text):
        self[name].clear()
        self[name].send_keys(text, Keys.ENTER)

    def press(self, keys):
        self.browser.switch_to.active_element.send_keys(keys)

    def steps_at_a_time(self, n_steps):
        self["pace"].send_keys(f"{n_steps}")

    def wait_for(self, name, text):
        end_s = time.monotonic() + 10
        while text not in self[name].text:
            assert time.monotonic() < end_s, self[name].text
            time.sleep(0.02)

    def evaluate(self, script):
        return self.browser.execute_script(script)

    def _listed(self, selector):
        """Numbers of lists, each by what stands before it."""
        script = f"""
            return [...document.querySelectorAll({json.dumps(selector)})].map((list) =>
                Object.fromEntries([...list.querySelectorAll("dd")].map(
                    (detail) => [detail.dataset.kind, detail.textContent])))"""
        return [{kind: float(text) for kind, text in one.items()} for one in self.evaluate(script)]

    @property
    def totals(self):
        (totals,) = self._listed("#totals")
        return totals

    def parameters(self, kind="value"):
        return [one[kind] for one in self._listed(".parameter")]

    def errors(self):
        """What the console says; and the addresses that were asked for, but for the page itself."""
        console = [entry["message"] for entry in self.browser.get_log("browser")]
        messages = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        asked = [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
        return console + [url for url in asked if url != self.browser.current_url and url[:5] != "data:"]


@pytest.fixture
def page(browser, tmp_path):
    """Make a page with these arguments of `lrfit explore`, and open it; at the end it had no error."""
    opened = []

    def make(data, *arguments):
        file = tmp_path / "page.html"
        raw = [] if {"--lr", "--standardize", "--init"} & {*arguments} else Page.defaults
        result = run_command("explore", data, "-q", "-o", file, *arguments, *raw)
        assert result.code == 0, result.err
        browser.get_log("performance")
        opened.append(Page(browser, file))
        return opened[0]

    yield make
    for one in opened:
        assert one.errors() == []


@pytest.fixture
def page_without_charts(page, monkeypatch):
    """As `page`; but it opens in no time, and so does a step."""
    monkeypatch.setattr("plotly.offline.get_plotlyjs", lambda: _NO_CHARTS)
    return page


def trained(command):
    """What the command of the page gives: parameters, and the summary of the training and of the data."""
    lrfit, *arguments = shlex.split(command)
    assert lrfit == "lrfit"
    result = run_command(*arguments, "-q", "--format", "json")
    assert result.code == 0, result.err
    model = json.loads(result.out)
    b = [model["intercept"]] if model["training"]["fit_intercept"] else []
    return [*model["weights"].values(), *b], model


def test_ten_steps_are_ten_epochs_of_lrfit_train(page_without_charts):
    lab = page_without_charts(LAB)
    lab.type("rate", "0.02")
    lab["step"].click()  # as by hand
    lab.press("s" * 9)
    assert lab["command"].text == f"lrfit train {LAB} --lr 0.02 --epochs 10"
    parameters, model = trained(lab["command"].text)
    assert lab.parameters() == pytest.approx(parameters, rel=1e-12)
    assert lab.totals["loss"] == pytest.approx(model["training"]["loss"], rel=1e-12)
    assert lab.totals["step"] == lab.totals["epoch"] == 10
    best = model["data"]["least_squares"]
    assert lab.parameters("least squares") == [best["weights"]["x"], best["intercept"]]
    assert lab.totals["least loss"] == best["loss"]
    x, y = np.loadtxt(LAB, delimiter=",", skiprows=1, unpack=True)
    residual = x * parameters[0] + parameters[1] - y
    assert lab.parameters("gradient") == pytest.approx([np.mean(residual * x), np.mean(residual)], rel=1e-10)


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """100,000 rows."""
    x = np.random.default_rng(0).uniform(0.0, 3.0, 100_000)
    y = 2.0 * x + 1.0 + np.random.default_rng(1).standard_normal(100_000)
    path = tmp_path_factory.mktemp("big") / "big.csv"
    np.savetxt(path, np.column_stack([x, y]), delimiter=",", header="x,y", comments="", fmt="%.6f")
    return path


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        ("lab.csv", ["--lr", "auto", "--momentum", "auto"]),
        ("lab.csv", ["--l2", "0.1", "--momentum", "0.5"]),
        ("lab.csv", ["--no-intercept", "--init=-1", "--lr", "0.001"]),
        ("lab.csv", ["--batch-size", "5"]),
        ("longley.csv", ["-y", "total_employed", "-x", "gnp,unemployed,population", "--standardize"]),
        (
            "longley.csv",
            ["--standardize", "--l2", "0.01", "--init", "normal", "--seed", "3", "--batch-size", "1"],
        ),
        ("big.csv", []),
    ],
)
def test_the_numbers_are_those_of_lrfit_train(page_without_charts, big, data, arguments):
    one = page_without_charts(big if data == "big.csv" else SAMPLES / data, *arguments)
    one.steps_at_a_time(10)
    one.click("step", 8)
    parameters, model = trained(one["command"].text)
    assert one.parameters() == pytest.approx(parameters, rel=1e-12)
    assert one.totals["loss"] == pytest.approx(model["training"]["loss"], rel=1e-12)
    assert one.totals["step"] == 80
    assert one.totals["epoch"] == model["training"]["epochs"]
    best = model["data"]["optimum"] or model["data"]["least_squares"]
    named = {**best["weights"], "intercept": best["intercept"]}
    kind = "optimum" if model["data"]["optimum"] else "least squares"
    assert one.parameters(kind) == pytest.approx(list(named.values())[: len(parameters)], rel=1e-12)


def test_above_the_largest_stable_rate_it_says_what_will_happen_and_what_has(page):
    lab = page(LAB)
    assert lab["bound-label"].text == "largest stable: 0.04429"
    assert lab["stability"].text.startswith("Stable: 22.58 %")
    lab.type("momentum", "0.5")
    assert lab["bound-label"].text == "largest stable: 0.06643"  # 2·(1 + β) / λ_max
    lab.type("momentum", "0")

    lab.type("rate", "0.05")
    assert lab["stability"].text.startswith("Too large: 1.129 times")
    assert "will diverge" in lab["stability"].text
    lab.click("run")
    lab.wait_for("status", "It has diverged")
    assert lab["run"].text == "RUN"
    assert lab.totals["loss"] > 3.05

    lab.type("rate", "1e120")
    lab.click("step")
    lab.click("step")
    assert "too large to compute with" in lab["status"].text
    assert lab.totals["step"] == 2
    assert not lab["step"].is_enabled()
    assert not lab["run"].is_enabled()
    body = lab.evaluate("return document.body.innerText")
    assert "NaN" not in body
    assert "Infinity" not in body
    lab.click("reset")
    assert lab["step"].is_enabled()
    assert lab.parameters() == [0.0, 0.0]
    assert lab.totals["step"] == 0


def test_a_run_goes_on_to_the_optimum(page_without_charts):
    lab = page_without_charts(LAB)
    lab.type("rate", "0.02")
    lab.steps_at_a_time(1000)
    lab.click("run")
    lab.wait_for("status", "arrived")
    assert lab.totals["excess"] < 1e-12
    lab.type("rate", "0.03")
    lab.click("step")
    assert "RESET" in lab["command"].text  # two rates: no one command does that


def test_it_is_played_by_keyboard(page_without_charts):
    lab = page_without_charts(LAB)
    lab.press("s")
    lab.press("s")
    assert lab.totals["step"] == 2
    lab["rate"].send_keys("s0r")
    assert lab.totals["step"] == 2
    assert lab["run"].text == "RUN"
    lab.type("rate", "0.01")
    lab.press(Keys.TAB + Keys.TAB)  # to the slider
    lab.press(Keys.ARROW_RIGHT)
    assert float(lab["rate"].get_attribute("value")) > 0.01
    lab.press("r")
    lab.wait_for("run", "PAUSE")
    lab.press("r")
    lab.wait_for("status", "paused")
    lab.press("0")
    assert lab.totals["step"] == 0


def test_it_refuses_what_is_no_number(page_without_charts):
    lab = page_without_charts(LAB)
    for name, text in (("rate", "-1"), ("rate", "nan"), ("momentum", "1"), ("batch", "2.5")):
        lab.type(name, text)
        assert lab[name].get_attribute("aria-invalid") == "true"
        assert "number" in lab["status"].text
    lab.type("rate", "0.01")
    lab.type("momentum", "0")
    assert lab["rate"].get_attribute("aria-invalid") == "false"


def test_mini_batches_count_steps_and_epochs(page_without_charts):
    lab = page_without_charts(LAB)
    lab.type("batch", "5")
    lab.click("step", 5)
    assert (lab.totals["epoch"], lab.totals["step"]) == (1, 5)
    assert lab["command"].text.splitlines()[0].endswith("--epochs 1 --batch-size 5 --no-shuffle")
    assert "1 more step" in lab["command"].text
    lab.type("batch", "full")
    lab.click("step")
    assert (lab.totals["epoch"], lab.totals["step"]) == (1, 1)


def test_the_graph_shows_the_rows_where_they_are_in_the_page(page_without_charts, big):
    lab = page_without_charts(LAB)
    numbers = "[...document.querySelectorAll('#diagram .number')]"
    texts = lab.evaluate(f"return {numbers}.map((text) => text.textContent.replaceAll('\\u2212', '-'))")
    assert "[3.3, 4.4, …]" in texts  # x, and the gradient with respect to y_hat: -y / 17
    assert f"[-0.1, -{2.76 / 17:.3}, …]" in texts
    x, y = np.loadtxt(LAB, delimiter=",", skiprows=1, unpack=True)
    assert f"[-{np.mean(x * y):.3}]" in texts
    assert f"-{np.mean(y):.3}" in texts
    assert lab["graph-note"].text == "x and y are the 17 rows."
    lab.type("batch", "1")
    assert lab["graph-note"].text == "x and y are the one row of the next step."
    large = page_without_charts(big, "--standardize")
    assert large["graph-note"].text.startswith("x and y are 4 sigma points, which stand for the 100000 rows")


@pytest.mark.parametrize("arguments", [[], ["--l2", "0.5"], ["--no-intercept", "--l2", "0.5"]])
def test_the_boxes_of_the_graph_stand_apart(page_without_charts, arguments):
    lab = page_without_charts(LAB, *arguments)
    boxes = lab.evaluate("""return ["svg", ".box"].map((some) =>
        [...document.querySelectorAll(`#diagram ${some}`)].map((box) => {
            const { left, right, top, bottom } = box.getBoundingClientRect();
            return [left, right, top, bottom]; }))""")
    (left, right, _, _), boxes = boxes[0][0], sorted(boxes[1])
    assert all(left < box[0] < box[1] < right for box in boxes)
    for k, (_, end, top, bottom) in enumerate(boxes):
        assert not any(other[0] < end and other[2] < bottom and top < other[3] for other in boxes[k + 1 :])
    missing = lab.evaluate(
        "return [...document.querySelectorAll('.number.gradient')].filter((t) => !t.textContent).length"
    )
    assert missing == (2 if "--l2" in arguments else 1)  # at constants


def _lines(page, chart):
    """How many points each line of a chart has, by its name."""
    return page.evaluate(f"""return Object.fromEntries(document.getElementById("{chart}").data
        .filter((trace) => trace.name).map(({{ name, x }}) => [name, x.length]))""")


def test_the_path_before_a_reset_stays_until_the_next(page_without_charts):
    lab = page_without_charts(LAB)
    lab.click("step", 3)
    assert lab["loss-note"].text == ""
    lab.click("reset")
    lab.type("momentum", "0.5")
    lab.click("step")
    assert lab["loss-note"].text == "Before: rate 0.01, momentum 0."
    assert lab["loss-note"].text in lab["surface-note"].text
    assert _lines(lab, "loss-chart") == {"minimum": 2, "before": 4, "loss": 2}
    assert _lines(lab, "surface-chart") == {"before": 4, "path": 2, "least squares": 1, "now": 1}
    lab.type("batch", "5")
    assert lab["loss-note"].text == "Before: rate 0.01, momentum 0.5."
    lab.click("step")
    lab.type("rate", "0.02")
    lab.click("step")
    lab.type("batch", "full")
    assert lab["loss-note"].text == "Before: several settings, batches of 5."
    lab.click("reset")
    assert lab["loss-note"].text == ""
    assert "before" not in _lines(lab, "surface-chart")


def test_standardized_data_have_round_contours(page):
    data = page(LAB, "--standardize")
    data.click("step")
    assert "Both axes have the same scale" in data["surface-note"].text
    axes = "const { xaxis, yaxis } = document.getElementById('surface-chart')._fullLayout;"
    across, up = data.evaluate(
        f"{axes} return [xaxis, yaxis].map((a) => a._length / (a.range[1] - a.range[0]))"
    )
    assert across == pytest.approx(up, rel=1e-9)
    widths = data.evaluate("""return ["x", "y"].map((axis) => {
        const numbers = document.getElementById("surface-chart").data[3][axis];
        return Math.max(...numbers) - Math.min(...numbers); })""")
    assert widths[0] == pytest.approx(widths[1], rel=1e-3)  # of an ellipse, of 360 points
    title = data.evaluate("return document.querySelector('#surface-chart .xtitle').textContent")
    assert title == "W (x)of standardized data"  # on two lines


def test_the_fastest_rate_is_that_of_lr_auto(page_without_charts):
    lab = page_without_charts(LAB, "--momentum", "0.5")
    lab.click("fastest")
    lab.click("step", 3)
    fastest = run_command("train", LAB, "--momentum", "0.5", "--lr", "auto", "-q", "--format", "json")
    rate = json.loads(fastest.out)["training"]["learning_rate"]
    assert float(lab["rate"].get_attribute("value")) == pytest.approx(rate, rel=1e-15)
    assert "--standardize" not in lab["stability"].text


def test_far_from_0_it_advises_to_standardize(page_without_charts, tmp_path):
    data = tmp_path / "years.csv"
    data.write_text("year,y\n1990,1\n2000,2\n2010,4\n")
    years = page_without_charts(data)
    assert years["stability"].text.endswith("make the page with --standardize --lr auto.")
    years.click("step", 2)
    assert "exit code 3" in years["command"].text
    lrfit, *arguments = shlex.split(years["command"].text.splitlines()[0])
    assert (lrfit, run_command(*arguments).code) == ("lrfit", 3)
    standardized = page_without_charts(data, "--standardize", "--lr", "auto")
    assert "--standardize" not in standardized["stability"].text


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_dates_are_those_of_the_file_wherever_the_reader_is(page, browser, tmp_path, zone):
    data = tmp_path / "days.csv"
    rows = "".join(f"2026-03-{i:02}T06:00,{i + i % 3}\n" for i in range(1, 29))
    data.write_text(f"day,load\n,kW\n{rows}")
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": zone})
    try:
        days = page(data, "--dates", "day", "--skip-below", "1", "--standardize")
        days.click("step")
        assert days.evaluate("return document.getElementById('data-chart').data[0].x") == (
            [f"2026-03-{i:02}T06:00:00.000Z" for i in range(1, 29)]
        )
        ticks = "return [...document.querySelectorAll('#data-chart .xtick')].map((tick) => tick.textContent)"
        assert days.evaluate(ticks)[0].startswith("Mar ")
        assert (
            days.evaluate("return document.querySelector('#data-chart .ytitle').textContent") == "load [kW]"
        )
        left = "return document.getElementById('data-chart')._fullLayout.xaxis.range[0]"
        assert days.evaluate(left).startswith("2026-02-27T15:07")
    finally:
        browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_a_page_of_hostile_names_does_nothing_that_they_say(page, tmp_path):
    data = tmp_path / "<img src=x onerror=alert(2)>.csv"
    names = [
        "</script><script>document.title='owned'</script>",
        "<img src=x onerror=alert(1)>",
        "<!--<script>",
        "<a href='javascript:alert(1)'>y</a>",
    ]
    header = ",".join(f'"{name}"' for name in names)
    data.write_text(f"{header}\n1,2,3,4\n2,3,5,6\n3,1,4,9\n4,4,9,2\n5,5,1,1\n")
    hostile = page(data)
    hostile.click("step")
    assert hostile.browser.title == "Gradient descent on <img src=x onerror=alert(2)>.csv"
    assert hostile.evaluate("return document.scripts.length") == 3
    assert hostile.evaluate("return document.querySelectorAll('img, a, iframe, object').length") == 0
    shown = hostile.evaluate(
        "return [...document.querySelectorAll('.parameter h3')].map((h) => h.textContent)"
    )
    assert shown == [*(f"W ({name})" for name in names[:3]), "b (intercept)"]
    axes = hostile.evaluate(
        "return ['xtitle', 'ytitle'].map((t) => document.querySelector(`#surface-chart .${t}`).textContent)"
    )
    assert axes == ["W (</script><script>document.title='own…", "b (intercept)"]
    assert hostile.evaluate("return document.querySelector('.xtitle').textContent") == names[3]


def test_it_fits_a_phone_and_is_dark_where_that_is_wanted(page, browser):
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        lab = page(SAMPLES / "longley.csv", "--standardize")
        assert lab.evaluate("return document.documentElement.scrollWidth") <= 360
        assert lab["step"].is_displayed()
        assert _brightness(lab, "document.body", "backgroundColor") > 200
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
        assert _brightness(lab, "document.body", "backgroundColor") < 60
        paper = "document.querySelector('#loss-chart .main-svg')"
        end_s = time.monotonic() + 10  # the charts are drawn anew once the page is told
        while _brightness(lab, paper, "backgroundColor") > 60:
            assert time.monotonic() < end_s
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def _brightness(page, element, colour):
    """Of a colour of an element: from 0 to 255."""
    rgb = page.evaluate(f"return getComputedStyle({element}).{colour}")
    return sum(map(float, rgb[rgb.index("(") + 1 : -1].split(",")[:3])) / 3


def scripted(browser, plan, expression):
    """The value of an expression in the scripts of a page, in which `descent` descends on a plan's data."""
    folder = files("lrfit.views.page").joinpath("assets")
    scripts = [folder.joinpath(name).read_text() for name in ("executor.js", "descent.js", "surface.js")]
    contents = json.dumps(vars(page_data(plan, source="data", command="lrfit train data")))
    browser.get("about:blank")
    lines = [*scripts, f"const contents = {contents};", "const descent = new Descent(contents);"]
    return browser.execute_script("\n".join([*lines, f"return {expression};"]))


def plan_of_rows(n_features=2, **settings):
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(12, n_features + 1)) * [1.0, 3.0, 0.5, 2.0][: n_features + 1] + 1.0
    names = [f"x{i}" for i in range(n_features)]
    return plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows), features=names)


def test_its_rates_are_those_of_the_method(browser):
    plan, momenta = plan_of_rows(), [0.0, 0.3, 0.9, 0.999]
    rates = "[descent.stableRate(momentum), descent.fastestRate(momentum)]"
    found = scripted(browser, plan, f"{momenta}.map((momentum) => {rates})")
    smallest, largest = plan.objective.extremes
    methods = [Method(momentum) for momentum in momenta]
    wanted = [[m.max_stable_rate(largest), m.fastest_rate(smallest, largest)] for m in methods]
    assert found == [pytest.approx(one, rel=1e-12) for one in wanted]


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("batch_size", [None, 5])
def test_it_says_that_steps_have_diverged_where_lrfit_train_does(browser, momentum, batch_size):
    bound = plan_of_rows(momentum=momentum).max_stable_learning_rate
    rates = [
        bound * factor for factor in ((0.5, 0.99, 1.01, 1.5, 4.0) if batch_size is None else (0.05, 4.0))
    ]

    def diverges(rate):
        settings = {"momentum": momentum, "batch_size": batch_size, "shuffle": False, "epochs": 1000}
        try:
            for _ in descend(plan_of_rows(learning_rate=rate, **settings)):
                pass
        except DivergenceError:
            return True
        return False

    plan = plan_of_rows(momentum=momentum, batch_size=batch_size)
    found = scripted(
        browser,
        plan,
        f"""{rates}.map((rate) => {{
            descent.reset();
            const nSteps = 1000 * descent.batches.length;
            while (descent.nSteps < nSteps && !descent.hasDiverged(rate, {momentum})) {{
                if (!descent.step(rate, {momentum}) && descent.isFullBatch) break;
            }}
            return descent.hasDiverged(rate, {momentum});
        }})""",
    )
    assert found == list(map(diverges, rates))


@pytest.mark.parametrize("settings", [{}, {"standardize": True, "l2": 0.3}, {"fit_intercept": False}])
def test_its_ellipses_have_equal_loss(browser, settings):
    """Over the plane of two parameters the least loss is in the middle, and all of an ellipse is as high."""
    plan = plan_of_rows(n_features=3, **settings)
    theta = np.random.default_rng(1).normal(size=len(plan.objective.minimizer))
    bowl, drawn = scripted(
        browser,
        plan,
        f"""(() => {{
            const bowl = plane(contents.root, contents.minimizer, {theta.tolist()}, 2, 0);
            return [bowl, ellipse(bowl, 1.5, [10, 10])];
        }})()""",
    )

    def excess(i, j):
        at = theta.copy()
        at[[2, 0]] = i, j
        return plan.objective.excess(at) * plan.loss_unit

    centre = excess(*bowl["centre"])
    around = [excess(i, j) - centre for i, j in zip(drawn["x"], drawn["y"], strict=True)]
    assert around == pytest.approx([1.5] * len(around), rel=1e-9)


def test_a_page_of_data_alone_names_the_command_that_does_the_same(page_without_charts, monkeypatch):
    monkeypatch.setattr(Page, "defaults", [])
    plain = page_without_charts(LAB)
    plain.click("step", 10)
    command = plain["command"].text
    assert command == f"lrfit train {LAB} --standardize --lr 0.1 --epochs 10"
    parameters, model = trained(command)
    assert plain.parameters() == pytest.approx(parameters, rel=1e-12)
    assert plain.totals["loss"] == pytest.approx(model["training"]["loss"], rel=1e-12)
