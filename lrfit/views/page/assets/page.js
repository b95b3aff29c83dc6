// The page: takes steps, one by one or in a run, and begins.

const FRAME_MS = 100; // between two pictures of a run
const CALM_FRAME_MS = 700; // where motion is unwanted

let timer = null; // of the next picture; null while nothing runs

const place = () =>
  descent.isFullBatch
    ? `Step ${descent.nSteps}`
    : `Epoch ${descent.epoch}, step ${descent.stepOfEpoch} of ${descent.batches.length}`;

/** Take as many steps as are wanted at a time, or, in a run, up to the optimum; whether to go on. */
function advance(isRun) {
  const hadArrived = descent.hasArrived;
  let hasMoved = true;
  for (let k = 0; k < chosen.pace && (hasMoved || !isRun); k++) {
    hasMoved = descent.step(chosen.rate, chosen.momentum) || !descent.isFullBatch;
    if (descent.hasDiverged(chosen.rate, chosen.momentum)) {
      const how = descent.overflowed
        ? "the next step leads to numbers that are too large to compute with"
        : `the loss is ${rounded(descent.now.objective)}, and was ${rounded(descent.start.objective)} at the start`;
      say(`It has diverged: ${how}. Choose a smaller learning rate, and RESET.`, true);
      return false;
    }
    if (isRun && descent.hasArrived && !hadArrived) {
      say(`${place()}: arrived, to a trillionth of the optimum.`);
      return false;
    }
  }
  if (!hasMoved) say(`${place()}: nothing changes any more; this is the optimum, to the last digit.`);
  return hasMoved;
}

function step() {
  pause();
  if (descent.overflowed) return;
  if (advance(false)) say(`${place()}: loss ${rounded(descent.loss)}.`);
  show();
}

function pause() {
  if (timer === null) return;
  clearTimeout(timer);
  timer = null;
  write("run", "RUN");
  say(`${place()}: paused.`);
}

function run() {
  if (timer !== null) {
    pause();
    return;
  }
  if (descent.overflowed) return;
  write("run", "PAUSE");
  say("Running.");
  const period = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_FRAME_MS : FRAME_MS;
  const frame = () => {
    const started = performance.now();
    const goesOn = advance(true);
    show();
    if (goesOn) {
      timer = setTimeout(frame, Math.max(16, period - (performance.now() - started)));
    } else {
      timer = null;
      write("run", "RUN");
    }
  };
  timer = setTimeout(frame, 0);
}

function reset() {
  pause();
  if (!descent.nSteps) descent.before = null;
  descent.reset();
  say("Back at the start.");
  show();
}

setUpTexts();
setUpAxes();
setUpRate();
setUpMomentum();
setUpBatches();
setUpKeys();
element("step").addEventListener("click", step);
element("run").addEventListener("click", run);
element("reset").addEventListener("click", reset);
element("pace").addEventListener("change", ({ target }) => {
  chosen.pace = Number(target.value);
});
addEventListener("beforeprint", () => scaleCharts(true));
addEventListener("afterprint", () => scaleCharts(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showCharts);
show();
for (const chart of document.querySelectorAll(".chart")) {
  new ResizeObserver(() => Plotly.Plots.resize(chart)).observe(chart); // by the window, or a note below it
}
