// Scales, axes and frames that all plots share. A chart is drawn again when its width or the theme changes.

const charts = new Set();

// figure(title, about, draw): draw(width) returns what the chart is made of.
function figure(title, about, draw, { wide = false, controls = [], keys = [], kind } = {}) {
  const box = element("div.chart", { "data-chart": kind });
  const made = element(wide ? "figure.wide" : "figure", {},
    element("figcaption", {}, element("h3", {}, title), ...controls, about ? element("span.about", {}, about) : null),
    keys.length ? element("div.keys", {}, keys.map(([colour, text]) => element("span", {}, element("i", { style: { background: colour } }), text))) : null,
    box);
  const chart = {
    box,
    width: 0,
    redraw() {
      const width = Math.floor(box.clientWidth);
      if (width < 40) return;
      chart.width = width;
      box.replaceChildren(...draw(width));
    },
  };
  charts.add(chart);
  // As wide as the chart, and never higher for being drawn: observing it cannot run in circles.
  const ruler = element("div");
  made.append(ruler);
  new ResizeObserver(() => {
    if (Math.abs(Math.floor(box.clientWidth) - chart.width) > 1) chart.redraw();
  }).observe(ruler);
  made.redraw = () => chart.redraw();
  return made;
}

function linearScale(low, high, from, to) {
  const scale = (value) => from + ((value - low) / (high - low || 1)) * (to - from);
  scale.ticks = (count) => {
    const rough = (high - low) / Math.max(1, count);
    if (!(rough > 0) || !isFinite(rough)) return [[low, numberText(low, 3)]];
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && ticks.length < 30; ++i) ticks.push([i * step, numberText(Number((i * step).toPrecision(10)), 3)]);
    return ticks;
  };
  return scale;
}

// Over positive numbers. Ticks at powers of ten; between few of them at 2 and 5, too.
function logScale(low, high, from, to) {
  const a = Math.log10(low), b = Math.log10(high);
  const scale = (value) => from + ((Math.log10(value) - a) / (b - a || 1)) * (to - from);
  scale.ticks = (count) => {
    const first = Math.ceil(a - 1e-9), last = Math.floor(b + 1e-9);
    const ticks = [];
    if (last - first >= 1) {
      const step = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, count)));
      for (let power = first; power <= last; power += step) ticks.push([10 ** power, powerText(power)]);
    } else {
      for (let power = first - 1; power <= last + 1; ++power)
        for (const factor of [1, 2, 5]) {
          const value = factor * 10 ** power;
          if (value >= low * 0.999 && value <= high * 1.001) ticks.push([value, numberText(value, 2)]);
        }
      if (ticks.length < 2) return [[low, numberText(low, 2)], [high, numberText(high, 2)]];
    }
    return ticks;
  };
  return scale;
}

// Indices, each in the middle of its place.
function indexScale(length, from, to) {
  const scale = (index) => from + ((index + 0.5) / length) * (to - from);
  scale.ticks = (count) => {
    const step = Math.max(1, linearStep(length / Math.max(1, count)));
    const ticks = [];
    for (let i = 0; i < length; i += step) ticks.push([i, i.toLocaleString("en")]);
    return ticks;
  };
  return scale;
}

function linearStep(rough) {
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 1;
}

class Frame {
  constructor(width, height, { left = 58, right = 12, top = 8, bottom = 40 } = {}) {
    Object.assign(this, { width, height, left, right: width - right, top, bottom: height - bottom });
    this.svg = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
  }
  add(tag, attributes, ...children) {
    const made = svg(tag, attributes, ...children);
    this.svg.append(made);
    return made;
  }
  text(x, y, content, attributes = {}) {
    return this.add("text", { x, y, ...attributes }, content);
  }
  describe(text) {
    this.svg.setAttribute("aria-label", text);
  }
  xAxis(scale, label, { grid = false, from = this.left - 1 } = {}) {
    const count = Math.max(2, Math.floor((this.right - this.left) / 64));
    for (const [value, name] of scale.ticks(count)) {
      const x = scale(value);
      if (x < from) continue;
      if (grid) this.add("line", { x1: x, x2: x, y1: this.top, y2: this.bottom, class: "grid-line" });
      this.add("line", { x1: x, x2: x, y1: this.bottom, y2: this.bottom + 4, class: "axis-line" });
      this.text(x, this.bottom + 16, name, { "text-anchor": "middle" });
    }
    this.text((this.left + this.right) / 2, this.bottom + 34, label, { "text-anchor": "middle", class: "label" });
  }
  yAxis(scale, label, { grid = true, to = this.bottom + 1 } = {}) {
    const count = Math.max(2, Math.floor((this.bottom - this.top) / 34));
    for (const [value, name] of scale.ticks(count)) {
      const y = scale(value);
      if (y > to) continue;
      if (grid) this.add("line", { x1: this.left, x2: this.right, y1: y, y2: y, class: "grid-line" });
      this.text(this.left - 7, y + 4, name, { "text-anchor": "end" });
    }
    this.text(0, 0, label, { transform: `translate(11 ${(this.top + this.bottom) / 2}) rotate(-90)`, "text-anchor": "middle", class: "label" });
  }
  border() {
    this.add("rect", { x: this.left, y: this.top, width: this.right - this.left, height: this.bottom - this.top, class: "axis-line" });
  }
  // Calls at(x, y) with places inside the frame; what it returns is shown.
  onHover(at) {
    this.svg.addEventListener("pointermove", (event) => {
      const box = this.svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) * this.width) / box.width, y = event.clientY - box.top;
      const inside = x >= this.left && x < this.right && y >= this.top && y < this.bottom;
      const text = inside ? at(x, y) : null;
      if (text) hint.show(text, event.clientX, event.clientY);
      else hint.hide();
    });
    this.svg.addEventListener("pointerleave", () => hint.hide());
  }
}

// A canvas below the SVG: `rows` by `columns` pixels, each of which paint(row, column) gives as [r, g, b] or null.
function pixels(frame, rows, columns, paint) {
  const canvas = element("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(canvas.style, {
    left: percent(frame.left, frame.width), top: `${frame.top}px`, width: percent(frame.right - frame.left, frame.width), height: `${frame.bottom - frame.top}px`,
  });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  let painted = 0;
  for (let row = 0; row < rows; ++row)
    for (let column = 0; column < columns; ++column) {
      const colour = paint(row, column);
      if (!colour) continue;
      image.data.set([...colour, 255], 4 * (row * columns + column));
      ++painted;
    }
  context.putImageData(image, 0, 0);
  canvas.dataset.painted = painted;
  return canvas;
}

// The scale of colours at the top right of a frame.
function colourKey(frame, low, high) {
  const width = 90, x = frame.right - width - 4, steps = 30;
  const y = frame.top - 24;
  for (let i = 0; i < steps; ++i) frame.add("rect", { x: x + (width / steps) * i, y, width: width / steps + 0.5, height: 7, fill: cssColour(i / (steps - 1)) });
  frame.text(x - 6, y + 8, low, { "text-anchor": "end" });
  frame.text(frame.right + 2, y + 8, high, { "text-anchor": "start" });
}
