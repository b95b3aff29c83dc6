// The charts, by plotly. Each is given what to show, and is drawn anew; nothing else is kept.

const SHADES = 12; // ellipses
const FACTOR = 3; // of the excess, from an ellipse to the next
const LEEWAY = 10; // times the excess at the start, up to which a path before is wholly in the picture
const ALIKE = 4; // times the way along the other axis, up to which both have the same scale
const MOST_DRAWN = 1000; // points of the data

/** Plotly reads markup in texts, and texts from the data have none. */
const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const cut = (text, n = 40) => (text.length > n ? `${text.slice(0, n - 1)}…` : text);

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

/** A number in a few digits. */
function short(value, n = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(n - 1) : String(Number(value.toPrecision(n)));
  return text.replace(/\.?0*e\+?/, "e").replaceAll("-", "−");
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

/** One feature: the data and the lines. Whether the line that descends is in the picture. */
function drawLine(element, { x, y, feature, target, start, current, best, bestName }) {
  const c = colours();
  const range = rangeOf(x);
  const [low, high] = rangeOf(y, 0.1);
  const at = ([weight, intercept = 0]) => range.map((value) => weight * value + intercept);
  // The line at the start is to be seen, too, unless it is far from the data.
  const near = at(start).filter((value) => value > low - (high - low) && value < high + (high - low));
  const shown = rangeOf([low, high, ...near], 0.02);
  draw(
    element,
    [
      { x, y, name: "data", mode: "markers", marker: dots(c.point, x.length) },
      { x: range, y: at(best), name: bestName, mode: "lines", line: aim(c) },
      { x: range, y: at(current), name: "now", mode: "lines", line: line(c.blue, 3) },
    ],
    { x: { title: label(feature), range }, y: { title: label(target), range: shown } },
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

/**
 * The excess over the parameters i and j, the others as they are: ½·‖R·(p - c)‖² and a constant, with R upper
 * triangular: by QR of the columns i and j of A, whose ½·‖A·(p - p*)‖² is the excess over all.
 */
function plane(root, optimum, parameters, i, j) {
  const column = (k) => root.map((row) => row[k]);
  const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
  const minus = (a, factor, b) => a.map((value, k) => value - factor * b[k]);
  const unit = (a, length) => a.map((value) => (length ? value / length : 0));
  const length = (a) => Math.hypot(...a);
  const rest = root.map((row) =>
    row.reduce((sum, value, k) => (k === i || k === j ? sum : sum + value * (parameters[k] - optimum[k])), 0),
  );
  const r11 = length(column(i));
  const q1 = unit(column(i), r11);
  const r12 = dot(q1, column(j));
  const second = minus(column(j), r12, q1);
  const r22 = length(second);
  const q2 = unit(second, r22);
  const d2 = r22 ? -dot(q2, rest) / r22 : 0;
  const d1 = r11 ? (-dot(q1, rest) - r12 * d2) / r11 : 0;
  return { r11, r12, r22, centre: [optimum[i] + d1, optimum[j] + d2] };
}

/** Where the excess over the plane is this much above the least: an ellipse, however narrow. */
function ellipse({ r11, r12, r22, centre }, excess, [width, height]) {
  const radius = Math.sqrt(2 * excess);
  // A direction without curvature has no end; it is followed far beyond the picture.
  const [a, b] = [Math.max(r11, (1e-4 * radius) / width), Math.max(r22, (1e-4 * radius) / height)];
  const [x, y] = [[], []];
  for (let k = 0; k <= 360; k++) {
    const angle = (k * Math.PI) / 180;
    const up = (radius * Math.sin(angle)) / b;
    y.push(centre[1] + up);
    x.push(centre[0] + (radius * Math.cos(angle) - r12 * up) / a);
  }
  return { x, y };
}

/** The loss over the parameters i and j; whether both axes have the same scale. */
function drawSurface(element, { root, minimizer, path, before, i, j, names, bestName, isScaled }) {
  const c = colours();
  const now = path.at(-1).theta;
  const bowl = plane(root, minimizer, now, i, j);
  const along = (some, k) => some.map(({ theta }) => theta[k]);
  const [xs, ys] = [along(path, i), along(path, j)];
  const inPicture = (k, centre) => rangeOf([...along([...path, ...nearby(before)], k), centre], 0.25);
  const [x, y] = [inPicture(i, bowl.centre[0]), inPicture(j, bowl.centre[1])];
  const size = [x[1] - x[0], y[1] - y[0]];
  const ways = [i, j].map((k, axis) => Math.abs(path[0].theta[k] - bowl.centre[axis]));
  const areAlike = Math.min(...ways) > 0 && Math.max(...ways) <= ALIKE * Math.min(...ways);
  const areEqual = isScaled || areAlike;
  const wide = areEqual ? [x, y].map(widened(2 * Math.max(...size))) : [x, y];
  const above = (p, q) => {
    const [dx, dy] = [p - bowl.centre[0], q - bowl.centre[1]];
    return 0.5 * ((bowl.r11 * dx + bowl.r12 * dy) ** 2 + (bowl.r22 * dy) ** 2);
  };
  const highest = Math.max(...wide[0].flatMap((p) => wide[1].map((q) => above(p, q))));
  const fill = `${c.blue}12`;
  const ellipses = [];
  for (let k = 0; k < SHADES; k++) {
    const { x: px, y: py } = ellipse(bowl, highest / FACTOR ** k, wide.map(([low, high]) => high - low));
    if (![...px, ...py].every(Number.isFinite)) continue;
    ellipses.push({
      x: px, y: py, mode: "lines", line: { color: `${c.blue}66`, width: 0.8 }, fill: "toself", fillcolor: fill,
      hoverinfo: "skip", showlegend: false,
    });
  }
  draw(
    element,
    [
      ...ellipses,
      ...ghost(c, along(before, i), along(before, j)),
      ...journey(c, xs, ys, bowl.centre, bestName),
    ],
    {
      x: { title: names[i], range: x },
      y: { title: names[j], range: y, ...(areEqual ? { scaleanchor: "x" } : {}) },
    },
  );
  return areEqual;
}

/** One parameter: the loss over it is a parabola. */
function drawParabola(element, { root, minimizer, minimum, path, before, names, bestName, name }) {
  const c = colours();
  const slope = Math.hypot(...root.map(([value]) => value));
  const [best] = minimizer;
  const at = (w) => minimum + 0.5 * (slope * (w - best)) ** 2;
  const weights = (some) => some.map(({ theta }) => theta[0]);
  const heights = (some) => some.map(({ objective }) => objective);
  const seen = weights([...path, ...nearby(before)]);
  const farthest = Math.max(...seen.map((w) => Math.abs(w - best))) || Math.abs(best) || 1;
  const curve = Array.from({ length: 201 }, (_, k) => best + farthest * 1.15 * (k / 100 - 1));
  const height = curve.map(at);
  draw(
    element,
    [
      { x: curve, y: height, name, mode: "lines", line: line(c.soft, 1.5) },
      ...ghost(c, weights(before), heights(before)),
      ...journey(c, weights(path), heights(path), [best, minimum], bestName),
    ],
    {
      x: { title: names[0], range: rangeOf(curve, 0) },
      y: { title: name, range: rangeOf([...height, ...heights(path)], 0.1) },
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
      ...floor.map((y) => ({ x: [0, last], y: [y, y], name: "the least", mode: "lines", line: aim(c) })),
      ...ghost(c, steps(before), losses(before)),
      { x: steps(path), y: losses(path), name, mode: modeOf(path), line: line(c.blue), marker: { size: 5 } },
    ],
    {
      x: { title: "step", tickformat: ",", range: [-0.03 * last, 1.03 * last] },
      y: { title: name, type: "log", range: [low - room, high + room], ...logTicks(low - room, high + room) },
    },
  );
}
