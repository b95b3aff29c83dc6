// The graph as a picture: layers from the top down, each edge with its value and the gradient along it.

const WIDTH = 360; // of the picture, in its own units; one on a narrow phone
const LAYER = 96; // from a layer to the next
const BOX = { width: 104, height: 37 };
const SMALL = 0.5; // of a place and a box, for a constant
const DIGIT = 7.6; // width of one
const MOST_CHARACTERS = 22; // that two nodes beside each other have room for
const SIGNS = {
  matmul: "x·W", add: "a + b", subtract: "a − b", multiply: "a · b", divide: "a ÷ b", square: "a²",
  reduce_mean: "mean", reduce_sum: "sum", placeholder: "data", variable: "variable",
};

function svg(name, attributes = {}, text = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  return element;
}

/** An array in a few characters: its first numbers, at most n, and whether there are more. */
function brief({ shape, data }, n) {
  if (!shape.length) return short(data[0]);
  const numbers = Array.from(data.slice(0, n), (value) => short(value)).join(", ");
  const text = data.length > n ? `[${numbers}, …]` : `[${numbers}]`;
  return n > 1 && text.length > MOST_CHARACTERS ? brief({ shape, data }, n - 1) : text;
}

/**
 * Where the nodes are: each a layer above the first that uses it, in the order in which the inputs are written.
 * An edge over several layers has a place in each, so that it crosses no node.
 */
function placed(nodes, end) {
  const named = Object.fromEntries(nodes.map((node) => [node.name, node]));
  const layer = { [end]: 0 };
  for (const { name, inputs } of [...nodes].reverse()) {
    if (!(name in layer)) continue;
    for (const input of inputs) layer[input] = Math.max(layer[input] ?? 0, layer[name] + 1);
  }
  const layers = [];
  const edges = [];
  const seen = new Set();
  const put = (level, item) => (layers[level] ??= []).push(item);
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    put(layer[name], { name });
    named[name].inputs.forEach((input, position) => {
      const edge = { from: input, to: name, position, over: [] };
      edges.push(edge);
      for (let level = layer[name] + 1; level < layer[input]; level++) {
        const bend = {};
        put(level, bend);
        edge.over.unshift(bend);
      }
      visit(input);
    });
  };
  visit(end);
  const depth = layers.length;
  const place = {};
  const sizeOf = ({ name }) => (name && named[name].op === "constant" ? SMALL : 1);
  layers.forEach((items, level) => {
    const room = WIDTH / items.reduce((sum, item) => sum + sizeOf(item), 0);
    let left = 0;
    items.forEach((item) => {
      item.size = sizeOf(item);
      item.x = left + (room * item.size) / 2;
      left += room * item.size;
      item.y = (depth - 1 - level) * LAYER + BOX.height / 2 + 2;
      item.nBeside = items.length;
      if (item.name) place[item.name] = item;
    });
  });
  return { place, edges, height: (depth - 1) * LAYER + BOX.height + 4 };
}

/** What edges end with. */
function arrowHead() {
  const shape = { viewBox: "0 0 8 8", refX: 7.5, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" };
  const marker = svg("marker", { id: "arrow-head", markerUnits: "userSpaceOnUse", ...shape });
  marker.append(svg("path", { class: "arrow", d: "M0 0L8 4L0 8Z" }));
  return marker;
}

class Diagram {
  /** The nodes of the forward graph, and what is known of the gradients along its edges. */
  constructor(element, { forward, edges, objective }) {
    const nodes = forward.nodes.filter(({ part }) => part === "forward");
    this.gradients = Object.fromEntries(edges.map(({ node, input, gradient }) => [`${node} ${input}`, gradient]));
    this.end = objective;
    const named = Object.fromEntries(nodes.map((node) => [node.name, node]));
    const { place, edges: drawn, height } = placed(nodes, objective);
    const tail = LAYER - BOX.height - 18;
    const viewBox = `0 0 ${WIDTH} ${height + tail}`;
    const picture = svg("svg", { viewBox, role: "img", "aria-labelledby": "graph-title graph-note" });
    this.texts = [];
    picture.append(arrowHead());
    for (const edge of drawn) {
      picture.append(this.path(place[edge.from], place[edge.to], edge.over));
    }
    const last = place[objective];
    picture.append(this.path(last, { x: last.x, y: height + tail + BOX.height / 2 }, []));
    for (const node of nodes) if (node.name in place) picture.append(this.box(node, place[node.name]));
    for (const edge of drawn) {
      const from = place[edge.from];
      const to = edge.over[0] ?? place[edge.to];
      // Under the node that gives the value; but beside each other where there are several such edges.
      const isOnly = drawn.filter((other) => other.from === edge.from).length === 1;
      const x = from.x + (isOnly ? 0 : 0.25) * (to.x - from.x);
      const isConstant = named[edge.from].op === "constant"; // which nothing changes
      const gradient = isConstant ? null : this.gradients[`${edge.to} ${edge.position}`];
      const n = isOnly && from.nBeside < 3 ? 2 : 1;
      this.write(picture, x, from.y + BOX.height / 2 + 18, { value: edge.from, gradient, n });
    }
    const one = `${objective}_grad/ones_like`; // its gradient with respect to itself
    this.write(picture, last.x, last.y + BOX.height / 2 + 14, { value: objective, gradient: one, n: 1 });
    element.replaceChildren(picture);
  }

  /** An edge: from the lower side of a node, over some places, to the upper side of another. */
  path(from, to, over) {
    const half = BOX.height / 2;
    const points = [{ x: from.x, y: from.y + half }, ...over, { x: to.x, y: to.y - half }];
    const d = points.map(({ x, y }, k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return svg("path", { class: "edge", d, "marker-end": "url(#arrow-head)" });
  }

  box({ name, op, attrs }, { x, y, size }) {
    const group = svg("g", { class: `${op === "variable" ? "variable" : ""} ${name === this.end ? "end" : ""}` });
    const [width, { height }] = [BOX.width * size, BOX];
    group.append(svg("rect", { class: "box", x: x - width / 2, y: y - height / 2, width, height, rx: 7 }));
    if (op === "constant") {
      group.append(svg("text", { class: "name", x, y: y + 4 }, brief(fromLists(attrs.value), 1)));
    } else {
      group.append(svg("text", { class: "name", x, y: y - 2 }, name));
      group.append(svg("text", { class: "op", x, y: y + 12 }, SIGNS[op] ?? op));
    }
    return group;
  }

  write(picture, x, y, what) {
    const texts = ["value", "gradient"].map((kind, k) => svg("text", { class: `number ${kind}`, x, y: y + 15 * k }));
    const behind = svg("rect", { class: "behind", x, y: y - 12, height: 31 }); // so that the edge crosses no digit
    picture.append(behind, ...texts);
    this.texts.push({ ...what, x, behind, texts });
  }

  /** Show the values of a run. */
  show(values) {
    for (const { value, gradient, n, x, behind, texts } of this.texts) {
      const said = [brief(values[value], n), gradient in values ? brief(values[gradient], n) : ""];
      const width = Math.max(...said.map((text) => text.length)) * DIGIT + 4;
      behind.setAttribute("width", width);
      behind.setAttribute("x", x - width / 2);
      texts.forEach((text, k) => {
        text.textContent = said[k];
      });
    }
  }
}
