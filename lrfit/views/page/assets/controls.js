// The controls: what they accept, and what follows from it.

const DECADES = 3; // of rates on the slider, about the largest stable one

/** The number in a field; null where it has none that is valid, and then it is marked, and said what is. */
function numberIn(field, isValid, wanted) {
  const text = field.value.trim();
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const isRight = Number.isFinite(value) && isValid(value);
  if (isRight) accept(field);
  else say(wanted, true);
  field.setAttribute("aria-invalid", String(!isRight));
  return isRight ? value : null;
}

/** Take back what was said of a field that now has what is valid. */
function accept(field) {
  if (field.getAttribute("aria-invalid") === "true") say("");
  field.setAttribute("aria-invalid", "false");
}

function setUpRate() {
  const { learning_rate: start, max_stable_rate: bound } = contents;
  const middle = bound ?? start;
  const low = Math.log10(Math.min(middle / 10 ** DECADES, start / 10));
  const high = Math.log10(Math.max(middle * 10, start * 10));
  const [field, slider] = [element("rate"), element("rate-slider")];
  [slider.min, slider.max] = [low, high];
  const choose = (rate, from) => {
    chosen.rate = rate;
    if (from !== field) field.value = String(rate);
    if (from !== slider) slider.value = Math.log10(rate);
    accept(field);
    slider.setAttribute("aria-valuetext", String(rate));
    showStability();
  };
  field.addEventListener("input", () => {
    const rate = numberIn(field, (value) => value > 0, "The learning rate is a number above 0.");
    if (rate !== null) choose(rate, field);
  });
  const fastest = element("fastest");
  fastest.hidden = contents.fastest_rate === null;
  fastest.addEventListener("click", () => choose(descent.fastestRate(chosen.momentum)));
  slider.addEventListener("input", () => choose(Number((10 ** Number(slider.value)).toPrecision(3)), slider));
  choose(start);
}

function setUpMomentum() {
  const [field, slider] = [element("momentum"), element("momentum-slider")];
  const choose = (momentum, from) => {
    chosen.momentum = momentum;
    if (from !== field) field.value = String(momentum);
    if (from !== slider) slider.value = momentum;
    accept(field);
    showStability();
  };
  field.addEventListener("input", () => {
    const wanted = "The momentum is a number of at least 0 and below 1.";
    const momentum = numberIn(field, (value) => value >= 0 && value < 1, wanted);
    if (momentum !== null) choose(momentum, field);
  });
  slider.addEventListener("input", () => choose(Number(slider.value), slider));
  choose(contents.momentum);
}

function setUpBatches() {
  if (!contents.has_all_rows) {
    element("batch-control").hidden = true;
    return;
  }
  const field = element("batch");
  field.value = contents.batch_size ?? "full";
  field.addEventListener("change", () => {
    const isFull = field.value.trim() === "full";
    const isValid = (value) => Number.isInteger(value) && value >= 1;
    const size = isFull ? null : numberIn(field, isValid, "The batch size is a number of rows, or full.");
    if (size === null && !isFull) return;
    accept(field);
    pause();
    descent.reset(isFull ? null : Math.min(size, contents.n_samples));
    say("Changing the batch size restarts.");
    show();
  });
}

function setUpAxes() {
  for (const [id, first] of [["across", 0], ["up", parameterNames.length - 1]]) {
    parameterNames.forEach((name, k) => element(id).add(new Option(cut(name), String(k), k === first, k === first)));
    element(id).addEventListener("change", () => {
      const other = element(id === "up" ? "across" : "up");
      if (other.value === element(id).value) other.value = String((Number(other.value) + 1) % parameterNames.length);
      showCharts();
    });
  }
  element("axes").hidden = parameterNames.length <= 2;
}

function setUpKeys() {
  const keys = { s: step, r: run, 0: reset };
  document.addEventListener("keydown", (event) => {
    const act = keys[event.key.toLowerCase()];
    const isTyping = event.target.closest("input:not([type=range]), select");
    if (!act || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
