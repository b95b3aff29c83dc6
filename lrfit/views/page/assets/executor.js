"use strict";

// Runs programs of lrfit: the JSON of `lrfit graph --format json`. An executor, like lrfit/graph/executors/, and
// like them without a formula of its own but for the kernels, which are those of lrfit/graph/ops.py.
//
// A value is {shape, data}: data is a Float64Array in row-major order.

function array(shape, data) {
  return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

function scalar(value) {
  return { shape: [], data: Float64Array.of(value) };
}

/** A number, or nested lists of numbers of equal lengths, as an array. */
function fromLists(lists) {
  const shape = [];
  for (let level = lists; Array.isArray(level); level = level[0]) shape.push(level.length);
  return array(shape, shape.length ? lists.flat(Infinity) : [lists]);
}

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
const isSameShape = (a, b) => a.length === b.length && a.every((size, axis) => size === b[axis]);

/** For each element of an array of this shape, where it is found in one that is broadcast to it. */
function places(shape, small) {
  const found = new Int32Array(product(shape));
  const missing = shape.length - small.length;
  let inner = 1; // elements of `shape` in a step along the axis
  let stride = 1; // elements of `small` in a step along the axis
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = axis < missing ? 1 : small[axis - missing];
    if (size !== 1) {
      for (let i = 0; i < found.length; i++) found[i] += (Math.floor(i / inner) % shape[axis]) * stride;
    }
    inner *= shape[axis];
    stride *= size;
  }
  return found;
}

function broadcastShape(a, b) {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [a, b].map((shape) => shape[axis - rank + shape.length] ?? 1);
    if (m !== n && m !== 1 && n !== 1) throw new Error(`cannot broadcast ${a} with ${b}`);
    return m === 1 ? n : m;
  });
}

function unary(f) {
  return (x) => array(x.shape, x.data.map((value) => f(value)));
}

function binary(f) {
  return (a, b) => {
    if (isSameShape(a.shape, b.shape)) return array(a.shape, a.data.map((value, i) => f(value, b.data[i])));
    const shape = broadcastShape(a.shape, b.shape);
    const [of_a, of_b] = [places(shape, a.shape), places(shape, b.shape)];
    return array(shape, Float64Array.from(of_a, (place, i) => f(a.data[place], b.data[of_b[i]])));
  };
}

/** x summed to a shape that is broadcast to its own. */
function sumTo(x, shape) {
  if (isSameShape(x.shape, shape)) return x;
  const total = new Float64Array(product(shape));
  places(x.shape, shape).forEach((place, i) => {
    total[place] += x.data[i];
  });
  return array(shape, total);
}

/** The axes that a reduction takes together; all for null. */
function reducedAxes(shape, axis) {
  if (axis === null) return shape.map((_, i) => i);
  return [axis].flat().map((i) => (i < 0 ? i + shape.length : i));
}

/** The shape of a reduction, with its axes kept at size 1, and as it is. */
function reducedShapes(shape, { axis, keepdims }) {
  const axes = reducedAxes(shape, axis);
  const kept = shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return { kept, own: keepdims ? kept : shape.filter((_, i) => !axes.includes(i)) };
}

function reduceSum(x, attrs) {
  const { kept, own } = reducedShapes(x.shape, attrs);
  return array(own, sumTo(x, kept).data);
}

const count = (x, { axis }) => scalar(product(reducedAxes(x.shape, axis).map((i) => x.shape[i])));

function matmul(a, b) {
  const [m, k, n] = [a.shape[0], a.shape[1], b.shape[1]];
  if (b.shape[0] !== k) throw new Error(`matmul of ${a.shape} and ${b.shape}`);
  const total = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      for (let l = 0; l < n; l++) total[i * n + l] += a.data[i * k + j] * b.data[j * n + l];
    }
  }
  return array([m, n], total);
}

function transpose(x, { perm }) {
  if (x.shape.length < 2) return x;
  if (x.shape.length > 2 || perm !== null) throw new Error("only matrices are transposed here");
  const [m, n] = x.shape;
  return array([n, m], x.data.map((_, i) => x.data[(i % m) * n + Math.floor(i / m)]));
}

function broadcastTo(x, shape) {
  return array(shape, Float64Array.from(places(shape, x.shape), (place) => x.data[place]));
}

const KERNELS = {
  identity: (x) => x,
  negative: unary((x) => -x),
  square: unary((x) => x * x),
  add: binary((a, b) => a + b),
  subtract: binary((a, b) => a - b),
  multiply: binary((a, b) => a * b),
  divide: binary((a, b) => a / b),
  reduce_sum: reduceSum,
  reduce_mean: (x, attrs) => KERNELS.divide(reduceSum(x, attrs), count(x, attrs)),
  count,
  spread: (g, x, attrs) => broadcastTo(array(reducedShapes(x.shape, attrs).kept, g.data), x.shape),
  sum_like: (x, like) => sumTo(x, like.shape),
  broadcast_like: (x, like) => broadcastTo(x, like.shape),
  reshape_like: (x, like) => array(like.shape, x.data),
  ones_like: unary(() => 1),
  zeros_like: unary(() => 0),
  matmul,
  transpose,
  assign: (value) => value,
};

/**
 * The program made ready to run: `run(feeds, variables)` gives the values of all nodes, and the variables
 * after the run, as objects by name. All reads see the variables as they were before it.
 */
function runner(program) {
  const constants = {};
  const calls = [];
  const reads = [];
  const assignments = [];
  for (const { name, op, inputs, attrs } of program.nodes) {
    if (op === "constant") constants[name] = fromLists(attrs.value);
    else if (op === "variable") reads.push(name);
    else if (op === "assign") assignments.push([attrs.variable, inputs[0]]);
    if (op in KERNELS) calls.push([name, KERNELS[op], inputs, attrs]);
    else if (!["constant", "placeholder", "variable", "group"].includes(op)) throw new Error(`no op ${op}`);
  }
  return (feeds, variables) => {
    const values = { ...constants, ...feeds };
    for (const name of reads) values[name] = variables[name];
    for (const [name, kernel, inputs, attrs] of calls) {
      const [first, second] = inputs;
      values[name] =
        second === undefined ? kernel(values[first], attrs) : kernel(values[first], values[second], attrs);
    }
    const next = { ...variables };
    for (const [variable, value] of assignments) next[variable] = values[value];
    return { values, variables: next };
  };
}
