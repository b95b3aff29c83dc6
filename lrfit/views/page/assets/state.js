// What the page is made of: its contents, the descent, and what the controls say.

const contents = JSON.parse(document.getElementById("contents").textContent);
const descent = new Descent(contents);
const diagram = new Diagram(document.getElementById("diagram"), contents.programs);
const parameterNames = [...contents.features.map((name) => `W (${name})`), ...(contents.intercept ? ["b (intercept)"] : [])];
const bestName = contents.l2 ? "optimum" : "least squares";
const lossName = contents.l2 ? "loss and penalty" : "loss";
const isLine = contents.features.length === 1;

const element = (id) => document.getElementById(id);
const write = (id, text) => {
  element(id).textContent = text;
};

/** What the controls say now; a field that cannot be read keeps its last number. */
const chosen = { rate: contents.learning_rate, momentum: contents.momentum, pace: 1 };
