// Numbers as people read them. What JSON does not have comes as text: "NaN", "∞", "−∞".

function numberText(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return value;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) return String(Number(value.toPrecision(digits))).replace("-", "−");
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`.replaceAll("-", "−");
}

function countText(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many ?? one + "s"}`;
}

function shareText(part, whole) {
  if (!whole || !part) return "0 %";
  const percent = (100 * part) / whole;
  return percent < 0.1 ? "< 0.1 %" : `${Number(percent.toPrecision(percent > 99 && percent < 100 ? 4 : 2))} %`;
}

function secondsText(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds >= 1) return `${Number(seconds.toPrecision(3))} s`;
  return seconds >= 1e-3 ? `${Number((seconds * 1e3).toPrecision(3))} ms` : `${Number((seconds * 1e6).toPrecision(3))} µs`;
}

// Plotted, what is not a number lies beyond all numbers.
function isNumber(value) {
  return typeof value === "number";
}

function superscript(power) {
  return String(power).replace(/./g, (c) => ({ "-": "⁻" })[c] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]);
}

function powerText(power) {
  return power === 0 ? "1" : `10${superscript(power)}`;
}

// The index ranges of a tensor's shape that a cell covers.
function cellBegin(index, cells, length) {
  return Math.ceil((index * length) / cells);
}

function rangeText(begin, end) {
  return end - begin <= 1 ? String(begin) : `${begin} … ${end - 1}`;
}

function shapeText(shape) {
  return shape.length ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "()";
}
