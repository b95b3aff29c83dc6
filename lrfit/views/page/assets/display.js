// What the page shows of the descent: words, numbers, charts and the graph.

const SLOW = 1000; // condition number from which on it takes very many steps
const SLOWNESS = "Slow at any rate: make the page with --standardize --lr auto.";

function say(text, isWarning = false) {
  write("status", text);
  element("status").classList.toggle("warning", isWarning);
}

function show() {
  element("step").disabled = element("run").disabled = descent.overflowed;
  showStability();
  showNumbers();
  showCommand();
  showCharts();
  diagram.show(descent.look(descent.shown));
  write("graph-note", `x and y are ${shownRows()}${contents.standardize ? " In standard units." : ""}`);
}

/** What the graph is shown on. */
function shownRows() {
  const n = descent.shown.x.shape[0];
  const rows = n > 1 ? `the ${n} rows` : "the one row";
  if (!descent.isFullBatch) return `${rows} of the next step.`;
  if (contents.has_all_rows) return `${rows}.`;
  return `${n} sigma points, which stand for the ${contents.n_samples} rows, with the same loss and gradients.`;
}

/** Terms and their numbers. */
function listOf(numbers, list = document.createElement("dl")) {
  list.replaceChildren(
    ...Object.entries(numbers).flatMap(([kind, value]) => {
      const [term, detail] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, detail.textContent, detail.dataset.kind] = [kind, digits(value), kind];
      return [term, detail];
    }),
  );
  return list;
}

function showNumbers() {
  const { now, loss, gradient, epoch, nSteps } = descent;
  const least = contents.l2 ? "least, with the penalty" : "least loss";
  listOf({ epoch, step: nSteps, loss, [least]: contents.minimum, excess: now.excess }, element("totals"));
  element("parameters").replaceChildren(
    ...parameterNames.map((name, k) => {
      const [part, head] = [document.createElement("div"), document.createElement("h3")];
      [part.className, head.textContent, head.title] = ["parameter", cut(name, 80), name];
      part.append(
        head,
        listOf({ value: now.parameters[k], [bestName]: contents.optimum[k], gradient: gradient[k] }),
      );
      return part;
    }),
  );
}

/** The command that does the same; there is none where the rate or the momentum changed on the way. */
function showCommand() {
  const { settings, epoch, stepOfEpoch } = descent;
  const text = () => {
    if (!epoch) return "Appears after the first epoch.";
    if (settings === undefined) return "None: the rate or the momentum has changed on the way. RESET starts anew.";
    const { rate, momentum } = settings;
    const options = [`--lr ${rate}`, `--epochs ${epoch}`];
    if (momentum) options.push(`--momentum ${momentum}`);
    if (!descent.isFullBatch) options.push(`--batch-size ${descent.batchSize} --no-shuffle`);
    const rest = stepOfEpoch ? `\n(and ${stepOfEpoch} more step${stepOfEpoch > 1 ? "s" : ""})` : "";
    const end = descent.hasDiverged(rate, momentum) ? "\n(which ends with exit code 3, as it diverges)" : "";
    return `${contents.command} ${options.join(" ")}${rest}${end}`;
  };
  write("command", text());
}

/** What the charts show of the rows: at most so many, evenly chosen. */
function drawnRows() {
  const { rows, shift, scale } = contents;
  const every = Math.ceil(rows.length / MOST_DRAWN);
  const drawn = rows.flatMap((row, k) => (k % every ? [] : [{ row, k }]));
  const inData = (column) => drawn.map(({ row }) => row.at(column) * scale.at(column) + shift.at(column));
  return { x: inData(0), y: inData(-1), indices: drawn.map(({ k }) => k) };
}

const drawn = drawnRows();

const sampleNote = (() => {
  const [shown, n] = [drawn.y.length, contents.n_samples];
  if (shown === n) return "";
  const how = contents.has_all_rows ? "evenly chosen" : "drawn at random";
  return `${shown} of ${n} rows, ${how}; the numbers are those of all.`;
})();

function showCharts() {
  const { labels, is_date: isDate } = contents;
  const [feature, target] = [labels[0], labels.at(-1)];
  const { now } = descent;
  if (isLine) {
    const isSeen = drawLine(element("data-chart"), {
      ...drawn, isDate, feature, target, bestName,
      start: descent.start.parameters, current: now.parameters, best: contents.optimum,
    });
    write("data-note", `${sampleNote}${isSeen ? "" : " The line now is outside the picture."}`);
  } else {
    const predicted = descent.predictions();
    const shown = drawn.indices.map((k) => predicted[k]);
    drawPredictions(element("data-chart"), { y: drawn.y, predicted: shown, target });
  }
  const path = descent.pathToNow;
  const before = descent.before?.path ?? [];
  const { root, minimizer, minimum, standardize } = contents;
  const axis = (id) => Number(element(id).value);
  const best = isLine ? bestName : "lowest here";
  const names = parameterNames.map((name) => `${label(name)}${standardize ? "<br>of standardized data" : ""}`);
  const bowl = { root, minimizer, minimum, path, before, names, bestName: best, name: lossName };
  if (parameterNames.length === 1) {
    drawParabola(element("surface-chart"), bowl);
  } else {
    const scale = { i: axis("across"), j: axis("up"), isScaled: standardize };
    const areEqual = drawSurface(element("surface-chart"), { ...bowl, ...scale });
    const scales = areEqual ? "Both axes have the same scale." : "The axes differ in scale.";
    write("surface-note", `${surfaceNote} ${scales} ${nameOfBefore()}`);
  }
  write("loss-note", nameOfBefore());
  drawLoss(element("loss-chart"), { path, before, minimum, name: lossName });
}

/** How the path before the last reset was made. */
function nameOfBefore() {
  if (!descent.before) return "";
  const { settings, batchSize } = descent.before;
  const how = settings ? `rate ${rounded(settings.rate)}, momentum ${settings.momentum}` : "several settings";
  return `Before: ${how}${batchSize === null ? "" : `, batches of ${batchSize}`}.`;
}

const surfaceNote = (() => {
  const others = parameterNames.length > 2 ? " The other parameters are as they are now." : "";
  return `Each ellipse: ${FACTOR} times the excess loss${isLine ? "" : " here"}.${others}`;
})();

/** Let the charts be as large as their places on paper, or, as plotly has it, as they are drawn. */
function scaleCharts(isPaper) {
  for (const picture of document.querySelectorAll(".main-svg")) {
    const [width, height] = ["width", "height"].map((name) => picture.getAttribute(name));
    if (isPaper) picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    else picture.removeAttribute("viewBox");
  }
}

function setUpTexts() {
  document.querySelector("main").classList.toggle("many", parameterNames.length > 3);
  const { source, target, features, n_samples: n, l2, standardize } = contents;
  write("source", source);
  const names = features.slice(0, 8).map((name) => cut(name)).join(", ") + (features.length > 8 ? ", …" : "");
  const how = `${standardize ? ", in standard units" : ""}${l2 ? `, with the penalty ½·${l2}·‖W‖²` : ""}`;
  write("summary", `${cut(target)} from ${names}: ${n} row${n > 1 ? "s" : ""}${how}`);
  write("data-title", isLine ? "The data, and the line now" : `Predicted and actual ${cut(target)}`);
  write("data-note", sampleNote);
  if (parameterNames.length === 1) write("surface-title", "The loss over the weight");
  write("end-name", contents.programs.objective);
  const but = standardize ? ", but the gradient, which is in standard units" : "";
  write("units", `All in the units of the data${but}. The gradient is that of all rows.`);
}

/** Where the largest stable rate is on the slider, and what the chosen one leads to. */
function showStability() {
  const bound = descent.stableRate(chosen.momentum);
  const slider = element("rate-slider");
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const share = (Math.log10(bound) - low) / (high - low);
  element("bound").hidden = !(share >= 0 && share <= 1);
  if (share >= 0 && share <= 1) {
    element("bound").style.left = `calc(8px + ${share} * (100% - 16px))`; // the middle of the thumb
    write("bound-label", `largest stable: ${rounded(bound)}`);
  }
  const isTooLarge = chosen.rate >= bound;
  const words = () => {
    if (bound === Infinity) return "Every learning rate is stable: the loss does not depend on the parameters.";
    const times = rounded(chosen.rate / bound);
    if (isTooLarge && descent.isFullBatch) {
      return `Too large: ${times} times the largest stable rate, ${rounded(bound)}. It will diverge.`;
    }
    if (isTooLarge) {
      const what = `${times} times the largest stable rate of full batches, ${rounded(bound)}`;
      return `${what}. Mini-batches will very probably diverge.`;
    }
    const percent = `${rounded((100 * chosen.rate) / bound)} % of the largest stable rate, ${rounded(bound)}`;
    return descent.isFullBatch
      ? `Stable: ${percent}.`
      : `${percent}, for full batches; mini-batches may need a smaller one.`;
  };
  const { condition_number: condition, standardize, l2 } = contents;
  const isSlow = condition > SLOW && !standardize && !l2;
  write("stability", `${words()}${isSlow ? ` ${SLOWNESS}` : ""}`);
  element("stability").classList.toggle("warning", isTooLarge);
}
