// The plots of one output.

function axesText(shape, begin, end) {
  const axes = [];
  for (let axis = begin; axis < end; ++axis) if (shape[axis] > 1 || end - begin === 1) axes.push(axis);
  if (!axes.length) return "element";
  return axes.length === 1 ? `index along axis ${axes[0]}` : `index along axes ${axes.join(" × ")}`;
}

// A place in the folded matrix as the tensor's indices.
function unravel(index, shape, begin, end) {
  const indices = [];
  for (let axis = end - 1; axis >= begin; --axis) {
    indices.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return indices;
}

function levelsOf(text) {
  const bytes = atob(text);
  return Uint8Array.from(bytes, (c) => c.charCodeAt(0));
}

function heatFigure(output) {
  const { heat } = output.map;
  const { shape } = output;
  if (!heat.rows) return null;
  let kind = "max";
  const one = heat.rows === 1;
  const decoded = { max: levelsOf(heat.max.levels), mean: levelsOf(heat.mean.levels) };
  const anyOdd = decoded.max.includes(255);
  const valueOf = (level) => {
    const { low, high } = heat[kind];
    return level === 0 ? 0 : low * (high / low) ** ((level - 1) / 253);
  };
  const draw = (width) => {
    const bottom = 40, top = 30;
    const height = one ? 64 : Math.min(300, Math.max(110, heat.cellRows * 9));
    const frame = new Frame(width, top + height + bottom, { top, bottom, left: one ? 12 : 64, right: 58 });
    const levels = decoded[kind];
    const canvas = pixels(frame, heat.cellRows, heat.cellColumns, (row, column) => {
      const level = levels[row * heat.cellColumns + column];
      if (level === 255) return odd();
      return level === 0 ? null : rampColour(0.08 + (0.92 * (level - 1)) / 253);
    });
    frame.border();
    frame.xAxis(indexScale(heat.columns, frame.left, frame.right), axesText(shape, heat.split, shape.length));
    if (!one) frame.yAxis(indexScale(heat.rows, frame.top, frame.bottom), axesText(shape, 0, heat.split), { grid: false });
    if (heat[kind].high !== 0) colourKey(frame, numberText(heat[kind].low, 2), numberText(heat[kind].high, 2));
    else if (!anyOdd) frame.text((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2 + 4, "no difference anywhere", { "text-anchor": "middle" });
    frame.describe(`Heat map of the ${kind === "max" ? "largest" : "mean"} absolute difference in ${heat.cellRows} by ${heat.cellColumns} cells`);
    frame.onHover((x, y) => {
      const column = Math.floor(((x - frame.left) / (frame.right - frame.left)) * heat.cellColumns);
      const row = Math.floor(((y - frame.top) / (frame.bottom - frame.top)) * heat.cellRows);
      const level = levels[row * heat.cellColumns + column];
      const place = (index, cells, length, begin, end) => {
        const a = cellBegin(index, cells, length), b = cellBegin(index + 1, cells, length);
        const first = unravel(a, shape, begin, end).join(", "), last = unravel(b - 1, shape, begin, end).join(", ");
        return b - a === 1 ? first : `${first} … ${last}`;
      };
      const parts = [];
      if (!one) parts.push(`[${place(row, heat.cellRows, heat.rows, 0, heat.split)}]`);
      parts.push(`[${place(column, heat.cellColumns, heat.columns, one ? 0 : heat.split, shape.length)}]`);
      const size = level === 255 ? "NaN or infinite" : level === 0 ? "0" : `≈ ${numberText(valueOf(level), 2)}`;
      return `${parts.join(" × ")}\n${kind === "max" ? "largest" : "mean"} |a − b| ${size}`;
    });
    return [canvas, frame.svg];
  };
  const buttons = ["max", "mean"].map((name) =>
    element("button", { type: "button", "aria-pressed": String(name === kind), onclick: (event) => {
      kind = name;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      made.redraw();
    } }, name === "max" ? "largest" : "mean"));
  const whole = heat.cellRows === heat.rows && heat.cellColumns === heat.columns;
  const made = figure("Where it differs", whole ? "|a − b|, a cell for each element" : `|a − b|, ${heat.cellRows} × ${heat.cellColumns} cells`, draw, {
    kind: "heat", wide: true, controls: [element("span.switch", {}, buttons)], keys: anyOdd ? [["var(--odd)", "NaN or infinite"]] : [],
  });
  return made;
}

function densityFigure(output, pair) {
  const { density, magnitudes, absolute } = output.map;
  if (!density.length) return null;
  const columns = Math.max(magnitudes.length, 1), rows = Math.max(absolute.edges.length, 1);
  let most = 0;
  for (let i = 1; i < density.length; i += 2) most = Math.max(most, density[i]);
  const draw = (width) => {
    const frame = new Frame(width, 300, { left: 64, right: 30, top: 28, bottom: 42 });
    const gap = 5, zero = 14;
    const x = magnitudes.length ? logScale(magnitudes[0], magnitudes.at(-1), frame.left + zero + gap, frame.right) : null;
    const y = absolute.edges.length ? logScale(absolute.edges[0], absolute.edges.at(-1), frame.bottom - zero - gap, frame.top) : null;
    const cellOf = (index) => {
      const row = Math.floor(index / columns), column = index % columns;
      const [x0, x1] = column ? [x(magnitudes[column - 1]), x(magnitudes[column])] : [frame.left, frame.left + zero];
      const [y1, y0] = row ? [y(absolute.edges[row - 1]), y(absolute.edges[row])] : [frame.bottom, frame.bottom - zero];
      return { row, column, x0, x1, y0, y1 };
    };
    if (y) frame.yAxis(y, "|a − b|", { to: frame.bottom - zero - 6 });
    else frame.text(0, 0, "|a − b|", { transform: `translate(11 ${(frame.top + frame.bottom) / 2}) rotate(-90)`, "text-anchor": "middle" });
    frame.text(frame.left - 7, frame.bottom - zero / 2 + 4, "0", { "text-anchor": "end" });
    const axis = x ?? linearScale(0, 1, frame.left, frame.right);
    if (!x) axis.ticks = () => [];
    frame.xAxis(axis, `|b|, magnitude in ${pair.second}`, { from: frame.left + zero + 14 });
    frame.text(frame.left + zero / 2, frame.bottom + 16, "0", { "text-anchor": "middle" });
    const cells = [];
    for (let i = 0; i < density.length; i += 2) {
      const cell = { ...cellOf(density[i]), count: density[i + 1] };
      cells.push(cell);
      const share = most > 1 ? Math.log(cell.count) / Math.log(most) : 1;
      frame.add("rect", { x: cell.x0, y: cell.y0, width: Math.max(1, cell.x1 - cell.x0 + 0.4), height: Math.max(1, cell.y1 - cell.y0 + 0.4), fill: cssColour(0.18 + 0.82 * share), class: "cell" });
    }
    frame.border();
    const limits = output.results.find((result) => result.stat)?.limits;
    if (limits && x && y) toleranceLine(frame, x, y, limits, magnitudes, absolute.edges);
    colourKey(frame, "1", most.toLocaleString("en"));
    frame.describe(`Absolute difference over magnitude: ${cells.length} cells are not empty`);
    frame.onHover((px, py) => {
      const cell = cells.find(({ x0, x1, y0, y1 }) => px >= x0 && px < x1 && py >= y0 && py < y1);
      if (!cell) return null;
      const range = (edges, i) => (i ? `${numberText(edges[i - 1], 2)} to ${numberText(edges[i], 2)}` : "0");
      return `${countText(cell.count, "element")}\n|b| ${range(magnitudes, cell.column)}\n|a − b| ${range(absolute.edges, cell.row)}`;
    });
    return [frame.svg];
  };
  return figure("Error over magnitude", "number of elements", draw, { kind: "density" });
}

// Above it an element is out of tolerance: it exceeds atol, and rtol times the magnitude.
function toleranceLine(frame, x, y, [atol, rtol], magnitudes, errors) {
  const [left, right] = [magnitudes[0], magnitudes.at(-1)], [low, high] = [errors[0], errors.at(-1)];
  const points = [];
  const steps = 64;
  for (let i = 0; i <= steps; ++i) {
    const magnitude = left * (right / left) ** (i / steps);
    const limit = Math.max(isNumber(atol) ? atol : 0, isNumber(rtol) ? rtol * magnitude : 0);
    if (limit > 0 && limit >= low && limit <= high) points.push([x(magnitude), y(limit)]);
  }
  if (points.length < 2) return;
  frame.add("polyline", { points: points.map((point) => point.map((at) => at.toFixed(1)).join(",")).join(" "), fill: "none", stroke: themeColour("--odd"), "stroke-width": 1.5, "stroke-dasharray": "5 3" });
  const [px, py] = points[Math.floor(points.length * 0.04)];
  frame.text(px + 4, Math.max(py - 5, frame.top + 10), "tolerance", { fill: themeColour("--odd"), style: "fill: var(--odd)" });
}

// Steps of one or two histograms over common edges, on a scale that shows single elements beside millions.
function stepsPath(edges, counts, x, y, base) {
  let path = `M${x(edges[0]).toFixed(1)},${base}`;
  counts.forEach((count, i) => {
    const at = (count ? y(count) : base).toFixed(1);
    path += `L${x(edges[i]).toFixed(1)},${at}L${x(edges[i + 1]).toFixed(1)},${at}`;
  });
  return `${path}L${x(edges.at(-1)).toFixed(1)},${base}`;
}

function countScale(most, bottom, top) {
  return most > 50 ? logScale(0.7, most * 1.3, bottom, top) : linearScale(0, most * 1.05, bottom, top);
}

function histogramFigure(title, about, edges, series, { log = false, label, kind, notes = [] }) {
  const most = Math.max(1, ...series.flatMap(({ counts }) => counts));
  const draw = (width) => {
    const frame = new Frame(width, 220, { left: 58, top: 10, bottom: 42 });
    const y = countScale(most, frame.bottom, frame.top);
    if (!edges.length) {
      frame.text((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2, notes[0] ?? "nothing to count", { "text-anchor": "middle" });
      frame.border();
      return [frame.svg];
    }
    const x = (log ? logScale : linearScale)(edges[0], edges.at(-1), frame.left, frame.right);
    frame.yAxis(y, "elements");
    frame.xAxis(x, label);
    for (const { counts, colour, fill } of series)
      frame.add("path", { d: stepsPath(edges, counts, x, y, frame.bottom), fill: themeColour(colour), "fill-opacity": fill ?? 0.16, stroke: themeColour(colour), "stroke-width": 1.5, "stroke-linejoin": "round" });
    frame.add("line", { x1: frame.left, x2: frame.right, y1: frame.bottom, y2: frame.bottom, class: "axis-line" });
    frame.describe(`${title}: ${series.map(({ name }) => name).join(" and ")}`);
    frame.onHover((px) => {
      const i = edges.findIndex((edge, k) => k + 1 < edges.length && px >= x(edge) && px < x(edges[k + 1]));
      if (i < 0) return null;
      return [`${numberText(edges[i], 3)} to ${numberText(edges[i + 1], 3)}`, ...series.map(({ name, counts }) => `${name}: ${countText(counts[i], "element")}`)].join("\n");
    });
    return [frame.svg];
  };
  const keys = series.map(({ colour, name }) => [`var(${colour})`, name]);
  return figure(title, about, draw, { kind, keys: edges.length ? keys : [] });
}

function valuesFigure(output, pair) {
  const { values } = output.map;
  if (!values.edges.length && !values.odd.some(Boolean)) return null;
  const about = values.odd.some(Boolean) ? `not finite: ${values.odd[0].toLocaleString("en")} and ${values.odd[1].toLocaleString("en")}` : "";
  return histogramFigure("Values", about, values.edges, [
    { counts: values.counts[0], colour: "--first", name: pair.first },
    { counts: values.counts[1], colour: "--second", name: pair.second },
  ], { label: "value", kind: "values", notes: ["no value is finite"] });
}

function errorsFigure(output, which) {
  const histogram = output.map[which];
  const notes = [];
  if (histogram.zeros) notes.push(`equal: ${histogram.zeros.toLocaleString("en")}`);
  if (histogram.inf) notes.push(`infinite: ${histogram.inf.toLocaleString("en")}`);
  if (histogram.nan) notes.push(`NaN: ${histogram.nan.toLocaleString("en")}`);
  const absolute = which === "absolute";
  return histogramFigure(absolute ? "Absolute error" : "Relative error", notes.join(", "), histogram.edges,
    [{ counts: histogram.counts, colour: "--accent", name: absolute ? "|a − b|" : "|a − b| / |b|", fill: 0.3 }],
    { log: true, label: absolute ? "|a − b|" : "|a − b| / |b|", kind: which, notes: [histogram.nan || histogram.inf ? "no difference is finite" : "no difference"] });
}

// The largest and the mean difference along each axis.
function axisFigure(output) {
  const { axes } = output.map;
  if (!axes.length) return null;
  const all = axes.flatMap(({ max, mean }) => [...max, ...mean]).filter((value) => value > 0);
  if (!all.length) return null;
  let current = axes.reduce((best, axis, i) => (unevenness(axis) > unevenness(axes[best]) ? i : best), 0);
  const draw = (width) => {
    const axis = axes[current];
    const cells = axis.max.length;
    const frame = new Frame(width, 220, { left: 64, top: 10, bottom: 42 });
    const positive = [...axis.max, ...axis.mean].filter((value) => value > 0);
    const low = Math.min(...positive), high = Math.max(...positive);
    const y = logScale(Math.min(low * 0.8, high / 10), high * 1.3, frame.bottom, frame.top);
    const edge = (i) => frame.left + (cellBegin(i, cells, axis.length) / axis.length) * (frame.right - frame.left);
    frame.yAxis(y, "|a − b|");
    axis.max.forEach((most, i) => {
      const gap = (frame.right - frame.left) / cells > 6 ? 1 : 0;
      const x = edge(i), w = Math.max(0.8, edge(i + 1) - edge(i) - gap);
      if (axis.odd[i]) frame.add("rect", { x, y: frame.top, width: w, height: frame.bottom - frame.top, fill: themeColour("--odd"), "fill-opacity": 0.25 });
      if (most > 0) frame.add("rect", { x, y: y(most), width: w, height: frame.bottom - y(most), fill: themeColour("--accent"), "fill-opacity": 0.3 });
      if (axis.mean[i] > 0) frame.add("rect", { x, y: y(axis.mean[i]), width: w, height: frame.bottom - y(axis.mean[i]), fill: themeColour("--accent"), "fill-opacity": 0.75 });
    });
    frame.add("line", { x1: frame.left, x2: frame.right, y1: frame.bottom, y2: frame.bottom, class: "axis-line" });
    frame.xAxis(indexScale(axis.length, frame.left, frame.right), `index along axis ${axis.axis} (length ${axis.length.toLocaleString("en")})`);
    frame.describe(`Difference along axis ${axis.axis}`);
    frame.onHover((x) => {
      const i = axis.max.findIndex((_, k) => x >= edge(k) && x < edge(k + 1));
      if (i < 0) return null;
      const place = rangeText(cellBegin(i, cells, axis.length), cellBegin(i + 1, cells, axis.length));
      return `index ${place}\nlargest ${numberText(axis.max[i], 3)}, mean ${numberText(axis.mean[i], 3)}${axis.odd[i] ? `\nnot finite: ${axis.odd[i].toLocaleString("en")}` : ""}`;
    });
    return [frame.svg];
  };
  const buttons = axes.length < 2 ? [] : axes.map((axis, i) =>
    element("button", { type: "button", "aria-pressed": String(i === current), onclick: () => {
      current = i;
      buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(k === i)));
      made.redraw();
    } }, `axis ${axis.axis}`));
  const made = figure("Along an axis", "largest (pale) and mean (strong)", draw, { kind: "axis", controls: buttons.length ? [element("span.switch", {}, buttons)] : [] });
  return made;
}

// How much more an index has than the average one.
function unevenness(axis) {
  const mean = axis.mean.reduce((sum, value) => sum + value, 0) / axis.mean.length;
  return mean > 0 ? Math.max(...axis.mean) / mean : 0;
}

// The metric over the iterations, with those that failed.
function stripFigure(result, strip, label) {
  const numbers = strip.worst.filter((value) => isNumber(value));
  const draw = (width) => {
    const frame = new Frame(width, 200, { left: 64, top: 12, bottom: 42 });
    const count = strip.worst.length;
    const edge = (i) => frame.left + (Math.min(i * strip.per, strip.of) / strip.of) * (frame.right - frame.left);
    const positive = numbers.filter((value) => value > 0);
    const byLog = positive.length > 0 && !result.higher;
    const limit = isNumber(result.limits?.[0]) ? result.limits[0] : null;
    let low = byLog ? Math.min(...positive) : Math.min(...numbers), high = Math.max(...numbers);
    const showsLimit = numbers.length > 0 && limit !== null && (!byLog || (limit > 0 && limit < high * 100 && limit > low / 1000));
    if (showsLimit) [low, high] = [Math.min(low, limit), Math.max(high, limit)];
    if (!numbers.length) [low, high] = [0, 1];
    const margin = (high - low || Math.abs(high) || 1) * 0.08;
    const y = byLog ? logScale(low / 1.5, high * 1.5, frame.bottom, frame.top) : linearScale(low - margin, high + margin, frame.bottom, frame.top);
    if (numbers.length) frame.yAxis(y, label);
    else frame.text((frame.left + frame.right) / 2, frame.top + 20, `${label} is not a number in any iteration`, { "text-anchor": "middle" });
    frame.xAxis(linearScale(0, strip.of, frame.left, frame.right), strip.per > 1 ? `iteration (the worst of each ${strip.per})` : "iteration");
    strip.worst.forEach((value, i) => {
      const failed = strip.failed[i] === "1";
      const colour = themeColour(failed ? "--fail" : "--accent");
      const gap = (frame.right - frame.left) / count > 5 ? 1 : 0;
      const x = edge(i), w = Math.max(0.8, edge(i + 1) - edge(i) - gap);
      const top = !isNumber(value) ? frame.top : byLog && value <= 0 ? frame.bottom - 1 : y(value);
      frame.add("rect", { x, y: Math.min(top, frame.bottom - 1), width: w, height: Math.max(1, frame.bottom - top), fill: colour, "fill-opacity": isNumber(value) ? 0.8 : 0.35, class: "bucket" });
    });
    if (showsLimit) {
      frame.add("line", { x1: frame.left, x2: frame.right, y1: y(limit), y2: y(limit), stroke: themeColour("--odd"), "stroke-width": 1.5, "stroke-dasharray": "5 3" });
      frame.text(frame.right, y(limit) - 4, result.stat ? "atol" : "threshold", { "text-anchor": "end", style: "fill: var(--odd)" });
    }
    frame.describe(`${label} over ${strip.of} iterations`);
    frame.onHover((x) => {
      const i = strip.worst.findIndex((_, k) => x >= edge(k) && x < edge(k + 1));
      if (i < 0) return null;
      return `iteration ${rangeText(i * strip.per, Math.min((i + 1) * strip.per, strip.of))}\n${label} ${numberText(strip.worst[i], 3)}${strip.failed[i] === "1" ? "\nfailed" : ""}`;
    });
    return [frame.svg];
  };
  return figure("Over the iterations", `worst in iteration ${result.at.toLocaleString("en")}`, draw, { kind: "strip", wide: true, keys: strip.failed.includes("1") ? [["var(--fail)", "failed"]] : [] });
}
