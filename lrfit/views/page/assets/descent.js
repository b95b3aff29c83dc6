// Takes steps of descent, remembers the path, and says where it leads. Knows nothing of the page.

/** Points of the path that are kept; when there are more, every second one is left out. */
const MOST_POINTS = 1000;

/** How many times the loss at the start, or of predicting 0, a loss of mini-batches is far above it. */
const FAR = 100;

/** A relative excess that is as good as none. */
const NEGLIGIBLE = 1e-12;

/** A rise of the objective, as a share of it, that may be rounding. */
const ROUNDING = 1e-9;

const areFinite = (values) => values.every(Number.isFinite);

class Descent {
  constructor(contents) {
    this.contents = contents;
    const { programs } = contents;
    this.programs = Object.fromEntries(
      ["initialize", "step", "forward", "predict", "read"].map((name) => [name, runner(programs[name])]),
    );
    this.whole = this.feeds(contents.points);
    const zeros = Object.fromEntries(
      Object.entries(this.programs.initialize({}, {}).variables).map(([name, value]) => [
        name,
        array(value.shape, value.data.map(() => 0)),
      ]),
    );
    this.origin = this.read(zeros).excess;
    this.batchSize = contents.batch_size;
    this.before = null; // the path before the last reset, and how it was made
    this.reset();
  }

  /** Rows (x, y) in the units of descent, as the graph takes them. */
  feeds(rows) {
    return { x: fromLists(rows.map((row) => row.slice(0, -1))), y: fromLists(rows.map((row) => row.slice(-1))) };
  }

  /** Go back to the start; with mini-batches of so many rows, or full batches (null). */
  reset(batchSize = this.batchSize) {
    const { rows } = this.contents;
    if (this.nSteps) this.before = { path: this.pathToNow, settings: this.settings, batchSize: this.batchSize };
    this.batchSize = batchSize;
    this.batches = [this.whole];
    if (batchSize !== null) {
      const starts = Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, i) => i * batchSize);
      this.batches = starts.map((start) => this.feeds(rows.slice(start, start + batchSize)));
    }
    this.variables = this.programs.initialize({}, {}).variables;
    this.nSteps = 0;
    this.overflowed = false;
    this.settings = null; // of all steps so far: a rate and a momentum; undefined when they were changed
    this.now = this.read(this.variables);
    this.start = this.now;
    this.stride = 1;
    this.path = [this.now];
  }

  get isFullBatch() {
    return this.batchSize === null;
  }

  get epoch() {
    return Math.floor(this.nSteps / this.batches.length);
  }

  /** Steps since the end of the last epoch. */
  get stepOfEpoch() {
    return this.nSteps % this.batches.length;
  }

  /** Rows of the next step. */
  get batch() {
    return this.batches[this.stepOfEpoch];
  }

  /** Where variables stand: the parameters in the units of descent and of the data, and the objective. */
  read(variables) {
    const { values } = this.programs.read(variables, {});
    const [excess, ...parameters] = this.contents.programs.read.fetches.map((name) => values[name]);
    return {
      step: this.nSteps ?? 0,
      theta: ["W", "b"].flatMap((name) => (name in variables ? [...variables[name].data] : [])),
      parameters: parameters.flatMap(({ data }) => [...data]),
      excess: excess.data[0],
      objective: this.contents.minimum + excess.data[0],
    };
  }

  /** Values of the forward graph on these rows, and the gradient along each of its edges. */
  look(feeds = this.whole) {
    return this.programs.forward(feeds, this.variables).values;
  }

  /** Half the mean squared residual of all rows, in the units of the data. */
  get loss() {
    return this.look().loss.data[0] * this.contents.loss_unit;
  }

  /** The gradient of the objective with respect to each parameter, in the units of descent. */
  get gradient() {
    const values = this.look();
    const { edges, forward } = this.contents.programs;
    const nodes = Object.fromEntries(forward.nodes.map((node) => [node.name, node]));
    return ["W", "b"].flatMap((variable) => {
      const terms = edges.filter(({ node, input }) => nodes[node].inputs[input] === variable);
      if (!terms.length) return [];
      return [...terms.map(({ gradient }) => values[gradient]).reduce((a, b) => KERNELS.add(a, b)).data];
    });
  }

  /** Rows of the page. */
  get rows() {
    this.rowFeeds ??= this.feeds(this.contents.rows);
    return this.rowFeeds;
  }

  /** What the graph is shown on: the rows of the next step; where they are not in the page, their sigma points. */
  get shown() {
    return this.isFullBatch && this.contents.has_all_rows ? this.rows : this.batch;
  }

  /** Predictions for all rows of the page, in the units of the data. */
  predictions() {
    const { values } = this.programs.predict(this.rows, this.variables);
    const { scale, shift, programs } = this.contents;
    return Array.from(values[programs.predict.fetches[0]].data, (y) => y * scale.at(-1) + shift.at(-1));
  }

  /** The largest stable rate of full batches: `Method.max_stable_rate`, which is linear in the momentum. */
  stableRate(momentum) {
    const { max_stable_rate: bound } = this.contents;
    return bound === null ? Infinity : bound * (1 + momentum);
  }

  /** The fastest rate of full batches: `Method.fastest_rate`, which is linear in the momentum, too. */
  fastestRate(momentum) {
    const { fastest_rate: fastest } = this.contents;
    return fastest === null ? null : fastest * (1 + momentum);
  }

  /** Take a step; whether it changed anything. One to numbers that are not finite is not taken. */
  step(rate, momentum) {
    const { variables } = this.programs.step(
      { ...this.batch, learning_rate: scalar(rate), momentum: scalar(momentum) },
      this.variables,
    );
    this.nSteps += 1;
    const next = this.read(variables);
    const numbers = Object.values(variables).flatMap(({ data }) => [...data]);
    if (!areFinite([...numbers, ...next.parameters, next.objective])) {
      this.nSteps -= 1;
      this.overflowed = true;
      return false;
    }
    const isSame = Object.keys(variables).every((name) =>
      variables[name].data.every((value, i) => value === this.variables[name].data[i]),
    );
    const { settings } = this;
    if (settings === null) this.settings = { rate, momentum };
    else if (settings && (settings.rate !== rate || settings.momentum !== momentum)) this.settings = undefined;
    this.variables = variables;
    this.now = next;
    this.remember();
    return !isSame;
  }

  remember() {
    if (this.nSteps % this.stride) return;
    this.path.push(this.now);
    if (this.path.length > MOST_POINTS) {
      this.stride *= 2;
      this.path = this.path.filter(({ step }) => step % this.stride === 0);
    }
  }

  /** The path so far, to where descent stands. */
  get pathToNow() {
    return this.path.at(-1) === this.now ? this.path : [...this.path, this.now];
  }

  /** Whether the steps have led away, by simpler rules than those of `lrfit.training.divergence`. */
  hasDiverged(rate, momentum) {
    if (this.overflowed) return true;
    const { excess, objective } = this.now;
    if (this.isFullBatch) {
      const reference = momentum ? Math.max(this.start.excess, this.origin) : this.start.excess;
      const rounding = ROUNDING * (reference + this.contents.minimum_scale);
      return rate >= this.stableRate(momentum) && excess > reference + rounding;
    }
    return objective > FAR * (Math.max(this.start.excess, this.origin) + this.contents.minimum_scale);
  }

  get hasArrived() {
    return this.now.excess <= NEGLIGIBLE * this.contents.minimum_scale;
  }
}
