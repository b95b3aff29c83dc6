// The charts, by plotly. Each is given what to show, and is drawn anew; nothing else is kept.

const LEEWAY = 10; // times the excess at the start, up to which a path before is wholly in the picture
const MOST_DRAWN = 1000; // points of the data
const DAY_MS = 86400000; // milliseconds
const DATES = [-719162, 2932896]; // days since 1970-01-01 of the first and the last date, 0001-01-01 and 9999-12-31

/** Plotly reads markup in texts, and texts from the data have none. */
const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const label = (text) => plain(cut(text));

function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    ["card", "ink", "soft", "line", "faint", "blue", "orange", "green", "point"].map((name) => [
      name,
      style.getPropertyValue(`--${name}`).trim(),
    ]),
  );
}

function draw(element, traces, { x, y }) {
  const c = colours();
  const axis = {
    color: c.soft, gridcolor: c.faint, linecolor: c.line, zeroline: false, ticks: "", automargin: true,
    exponentformat: "power", minexponent: 5, nticks: 6,
  };
  const title = (text) => ({ text, font: { size: 13 }, standoff: 6 });
  const layout = {
    font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: 12, color: c.soft },
    paper_bgcolor: c.card, plot_bgcolor: c.card, margin: { l: 8, r: 10, t: 30, b: 8 },
    xaxis: { ...axis, ...x, title: title(x.title) },
    yaxis: { ...axis, ...y, title: title(y.title) },
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", itemclick: false, itemdoubleclick: false },
    hovermode: "closest", dragmode: false,
  };
  const isTouched = matchMedia("(pointer: coarse)").matches;
  const config = { displayModeBar: false, displaylogo: false, staticPlot: isTouched };
  return Plotly.react(element, traces.map((trace) => ({ hoverinfo: "x+y", ...trace })), layout, config);
}

/** The range that holds these numbers, with some room; also where they are all the same. */
function rangeOf(numbers, room = 0.06) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const width = high - low || Math.abs(high) || 1;
  return [low - room * width, high + room * width];
}

const line = (colour, width = 2.5, dash = "solid") => ({ color: colour, width, dash });

/** Of what is aimed at. */
const aim = (c) => line(c.green, 2, "dash");

/** Points of the data: small and faint where there are many. */
const dots = (color, n) => (n > 200 ? { color, size: 4, opacity: 0.5 } : { color, size: 7, opacity: 0.8 });

/** Steps are marked while there are few. */
const modeOf = (steps) => (steps.length <= 60 ? "lines+markers" : "lines");

/** The path, where it should lead, and where it is now. */
function journey(c, x, y, [bestX, bestY], bestName) {
  const rim = { color: c.card, width: 1.5 };
  const star = { color: c.green, size: 13, symbol: "star", line: rim };
  return [
    { x, y, name: "path", mode: modeOf(x), line: line(c.orange, 1.6), marker: { color: c.orange, size: 4 } },
    { x: [bestX], y: [bestY], name: bestName, mode: "markers", marker: star },
    { x: [x.at(-1)], y: [y.at(-1)], name: "now", mode: "markers", marker: { color: c.blue, size: 10, line: rim } },
  ];
}

/** The path before the last reset, pale and behind. */
function ghost(c, x, y) {
  return x.length ? [{ x, y, name: "before", mode: "lines", line: line(c.ink, 1.4), opacity: 0.4 }] : [];
}

/** The places of a path that are to be in the picture: not those of a path that leads away. */
const nearby = (path) => path.filter(({ excess }) => excess <= LEEWAY * path[0].excess);

/** Days since 1970-01-01 as plotly takes dates: as texts, since it shows numbers in the reader's time zone. */
const datesOf = (days) => days.map((day) => new Date(Math.round(day * DAY_MS)).toISOString());

/** One feature: the data and the lines. Whether the line that descends is in the picture. */
function drawLine(element, { x, y, isDate, feature, target, start, current, best, bestName }) {
  const c = colours();
  const range = isDate ? rangeOf(x).map((day) => Math.min(Math.max(day, DATES[0]), DATES[1])) : rangeOf(x);
  const [low, high] = rangeOf(y, 0.1);
  const at = ([weight, intercept = 0]) => range.map((value) => weight * value + intercept);
  // The line at the start is to be seen, too, unless it is far from the data.
  const near = at(start).filter((value) => value > low - (high - low) && value < high + (high - low));
  const shown = rangeOf([low, high, ...near], 0.02);
  const across = isDate ? datesOf : (numbers) => numbers;
  const ends = across(range);
  draw(
    element,
    [
      { x: across(x), y, name: "data", mode: "markers", marker: dots(c.point, x.length) },
      { x: ends, y: at(best), name: bestName, mode: "lines", line: aim(c) },
      { x: ends, y: at(current), name: "now", mode: "lines", line: line(c.blue, 3) },
    ],
    {
      x: { title: label(feature), range: ends, ...(isDate ? { type: "date", nticks: 4, tickangle: 0 } : {}) },
      y: { title: label(target), range: shown },
    },
  );
  const [left, right] = at(current);
  return Math.max(left, right) >= shown[0] && Math.min(left, right) <= shown[1];
}

/** What gives a range this width about its middle: one axis of two of the same scale may have more than its own. */
const widened = (width) => (range) => {
  const middle = (range[0] + range[1]) / 2;
  return [middle - width / 2, middle + width / 2];
};

/** Many features: what is predicted against what is. */
function drawPredictions(element, { y, predicted, target }) {
  const c = colours();
  const range = rangeOf(y);
  const width = range[1] - range[0];
  const near = predicted.filter((value) => Math.abs(value - range[0]) < 5 * width);
  draw(
    element,
    [
      { x: range, y: range, name: "predicted = actual", mode: "lines", line: aim(c) },
      { x: y, y: predicted, name: "now", mode: "markers", marker: dots(c.blue, y.length) },
    ],
    {
      x: { title: label(target), range },
      y: { title: `predicted ${label(target)}`, range: rangeOf([...range, ...near], 0.02) },
    },
  );
}

/** Ticks of a logarithmic axis: 1, 2, 5 where there is room for them, else powers of ten. */
function logTicks(low, high) {
  const every = Math.ceil((high - low) / 6);
  const vals = [];
  for (let power = Math.floor(low); power <= high; power++) {
    if (every > 1 && power % every) continue;
    for (const digit of high - low < 2.5 ? [1, 2, 5] : [1]) vals.push(Number(`${digit}e${power}`));
  }
  return { tickvals: vals, ticktext: vals.map((value) => short(value)) };
}

function drawLoss(element, { path, before, minimum, name }) {
  const c = colours();
  const steps = (some) => some.map(({ step }) => step);
  const losses = (some) => some.map(({ objective }) => objective);
  const last = Math.max(10, ...steps([...path, ...before]));
  const floor = minimum > NEGLIGIBLE * path[0].objective ? [minimum] : []; // that of an exact fit is rounding
  const seen = losses([...path, ...nearby(before)]);
  const logs = [...seen.filter((value) => value > 0), ...floor].map(Math.log10);
  const [low, high] = logs.length ? rangeOf(logs) : [-1, 1];
  const room = Math.max(0, 0.5 - (high - low) / 2);
  draw(
    element,
    [
      ...floor.map((y) => ({ x: [0, last], y: [y, y], name: "minimum", mode: "lines", line: aim(c) })),
      ...ghost(c, steps(before), losses(before)),
      { x: steps(path), y: losses(path), name, mode: modeOf(path), line: line(c.blue), marker: { size: 5 } },
    ],
    {
      x: { title: "step", tickformat: "d", range: [-0.03 * last, 1.03 * last] },
      y: { title: name, type: "log", range: [low - room, high + room], ...logTicks(low - room, high + room) },
    },
  );
}
