// The loss over the parameters, and the path on it: ellipses over two, a parabola over one.

const SHADES = 12; // ellipses
const FACTOR = 3; // of the excess, from an ellipse to the next
const ALIKE = 4; // times the way along the other axis, up to which both have the same scale

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
