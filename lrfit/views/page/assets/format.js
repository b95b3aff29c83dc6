// Numbers and names as the page writes them.

const cut = (text, n = 40) => (text.length > n ? `${text.slice(0, n - 1)}…` : text);

/** A number in a few digits. */
function short(value, n = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(n - 1) : String(Number(value.toPrecision(n)));
  return text.replace(/\.?0*e\+?/, "e").replaceAll("-", "−");
}

const rounded = (value) => short(value, 4);

/** All digits of a number: those that read back to it. */
const digits = (value) => (Number.isFinite(value) ? String(value) : "too large");
