// Many outputs in the order of the graph: where does the first one go wrong?

const MEASURES = {
  relative: ["relative", "‖a − b‖ / ‖b‖"],
  max: ["largest", "largest |a − b|"],
};

function overviewFigure(pair, choose) {
  const outputs = pair.outputs;
  let kind = "relative";
  let selected = -1;
  const isBad = (output) => output.results.some((result) => !result.ok);
  const firstBad = outputs.findIndex(isBad);
  const draw = (width) => {
    const frame = new Frame(width, 260, { left: 64, top: 26, bottom: 42, right: 14 });
    const values = outputs.map((output) => output[kind]);
    const positive = values.filter((value) => isNumber(value) && value > 0);
    const least = positive.length ? Math.min(...positive) : 1e-8, most = positive.length ? Math.max(...positive) : 1;
    const gap = 18;
    const y = logScale(Math.min(least / 1.5, most / 10), most * 2, frame.bottom - gap, frame.top);
    frame.yAxis(y, MEASURES[kind][1], { to: frame.bottom - gap });
    frame.text(frame.left - 7, frame.bottom - 4, "0", { "text-anchor": "end" });
    const x = indexScale(outputs.length, frame.left, frame.right);
    x.ticks = ((ticks) => (count) => ticks(count).map(([i]) => [i, outputs[i].place.toLocaleString("en")]))(x.ticks);
    frame.xAxis(x, "output, in the order of the graph");
    const step = (frame.right - frame.left) / outputs.length;
    const radius = Math.min(4.5, Math.max(1.6, step * 0.4));
    const at = (i) => {
      const value = values[i];
      return !isNumber(value) ? frame.top : value > 0 ? y(value) : frame.bottom - 8;
    };
    if (firstBad >= 0) {
      const left = x(firstBad);
      frame.add("line", { x1: left, x2: left, y1: frame.top - 8, y2: frame.bottom, stroke: themeColour("--fail"), "stroke-width": 1, "stroke-dasharray": "4 3" });
      const anchor = left > width * 0.6 ? "end" : "start";
      const room = Math.floor((anchor === "end" ? left - frame.left : frame.right - left) / 6.4) - 14;
      const name = outputs[firstBad].name;
      frame.text(left + (anchor === "end" ? -6 : 6), frame.top - 10, `first to fail: ${name.length > room ? `…${name.slice(-Math.max(room, 6))}` : name}`, { "text-anchor": anchor, style: "fill: var(--fail)" });
    }
    outputs.forEach((output, i) => {
      const bad = isBad(output);
      frame.add("circle", { cx: x(i), cy: at(i), r: bad ? radius + 0.6 : radius, fill: themeColour(bad ? "--fail" : "--accent"), "fill-opacity": bad ? 1 : 0.75, class: "dot" });
    });
    const cursor = frame.add("rect", { y: frame.top, height: frame.bottom - frame.top, fill: "none", stroke: themeColour("--text"), "stroke-width": 1, rx: 2, visibility: "hidden" });
    const mark = (i) => {
      const w = Math.max(step, 6);
      cursor.setAttribute("x", x(i) - w / 2);
      cursor.setAttribute("width", w);
      cursor.setAttribute("visibility", i >= 0 ? "visible" : "hidden");
    };
    if (selected >= 0) mark(selected);
    const told = (i) => {
      const output = outputs[i];
      return `${output.name}\n${output.dtypes?.[0] ?? ""} ${output.shape ? shapeText(output.shape) : ""}\n${MEASURES[kind][1]}: ${numberText(output[kind], 3)}${isBad(output) ? "\nfailed" : ""}`;
    };
    const nearest = (px) => Math.min(outputs.length - 1, Math.max(0, Math.floor((px - frame.left) / step)));
    frame.onHover((px) => told(nearest(px)));
    frame.svg.style.cursor = "pointer";
    frame.svg.addEventListener("click", (event) => {
      const box = frame.svg.getBoundingClientRect();
      selected = nearest(((event.clientX - box.left) * width) / box.width);
      mark(selected);
      choose(outputs[selected]);
    });
    frame.svg.setAttribute("tabindex", "0");
    frame.describe(`${MEASURES[kind][1]} of ${outputs.length} outputs in the order of the graph. Left and right walk, Enter shows the output.`);
    frame.svg.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -1, ArrowRight: 1 };
      if (event.key in moves) selected = Math.min(outputs.length - 1, Math.max(0, selected + moves[event.key]));
      else if (event.key === "Home") selected = 0;
      else if (event.key === "End") selected = outputs.length - 1;
      else if (event.key === "Enter" && selected >= 0) return choose(outputs[selected]);
      else if (event.key === "Escape") return hint.hide();
      else return;
      event.preventDefault();
      mark(selected);
      const box = frame.svg.getBoundingClientRect();
      hint.show(told(selected), box.left + (x(selected) * box.width) / width, box.top + at(selected));
    });
    frame.svg.addEventListener("blur", () => hint.hide());
    return [frame.svg];
  };
  const buttons = Object.entries(MEASURES).map(([name, [label]]) =>
    element("button", { type: "button", "aria-pressed": String(name === kind), onclick: () => {
      kind = name;
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(Object.keys(MEASURES)[i] === name)));
      made.redraw();
    } }, label));
  const made = figure("Error through the graph", "choose a point to see the output", draw, { kind: "overview", wide: true, controls: [element("span.switch", {}, buttons)], keys: [["var(--accent)", "passed"], ["var(--fail)", "failed"]] });
  return made;
}
