// The outputs of a pair, the worst first: each number beside what it is held against.

function resultText(result) {
  if (result.stat) {
    const [absolute, relative] = result.values;
    const what = result.stat === "elemwise" ? "largest" : result.stat;
    return [`${what} ${numberText(absolute)} abs, ${numberText(relative)} rel`, `tolerance ${numberText(result.limits[0])} abs or ${numberText(result.limits[1])} rel`];
  }
  if (result.metric) return [`${numberText(result.values[0], 5)}${result.unit}`, `${result.higher ? "at least" : "at most"} ${numberText(result.limits[0], 5)}${result.unit}`];
  return [result.ok ? "equal" : "differs", ""];
}

// How far the number is on the way to its threshold, which is the mark: a power of ten a step, a hundred thousandth to a hundred thousand times.
function meter(result) {
  const decades = 5;
  const ratio = isNumber(result.ratio) ? result.ratio : Infinity;
  const share = ratio === 0 ? 0 : Math.min(1, Math.max(0.02, (Math.log10(ratio) + decades) / (2 * decades)));
  const text = ratio === 0 ? "no error" : isFinite(ratio) ? `${numberText(ratio, 3)} times the threshold` : "beyond any threshold";
  return element(result.ok ? "div.meter" : "div.meter.bad", { role: "img", "aria-label": text, title: text }, element("i", { style: { width: `${100 * share}%` } }), element("b", { style: { left: "50%" } }));
}

function badge(ok, good = "passed", bad = "failed") {
  return element(ok ? "span.badge" : "span.badge.bad", {}, ok ? good : bad);
}

function outputTable(pair, choose) {
  const sorted = [...pair.outputs].sort((a, b) => a.rank - b.rank);
  const several = pair.functions.length > 1;
  const many = pair.iterations > 1;
  const head = ["", "Output", several ? "Function" : null, "Number and threshold", " ", "Out of tolerance", many ? "Iterations failed" : null].filter((name) => name !== null);
  const body = element("tbody");
  const rows = sorted.flatMap((output) => output.results.map((result, i) => ({ output, result, first: i === 0 })));
  const add = (count) => {
    for (const { output, result, first } of rows.splice(0, count)) {
      const [number, limit] = resultText(result);
      const name = output.full || output.map ? element("button.link.mono", { type: "button", onclick: () => choose(output) }, output.name || "(no name)") : element("span.mono", {}, output.name || "(no name)");
      const about = output.dtypes ? `${[...new Set(output.dtypes)].join(" / ")} ${shapeText(output.shape)}` : "";
      const row = element("tr", {},
        element("td", {}, badge(result.ok)),
        element("td.name", {}, name, first ? element("div.sub", {}, output.with ? `with ${output.with} · ${about}` : about) : null),
        several ? element("td", {}, pair.functions[result.f]) : null,
        element("td", {}, number, element("div.sub", {}, limit)),
        element("td.metered", {}, meter(result)),
        element("td.right", {}, output.mismatches === undefined || (several && !result.stat) ? "–" : result.stat ? `${output.mismatches.toLocaleString("en")}` : "–",
          result.stat && output.elements ? element("div.sub", {}, `${shareText(output.mismatches, output.elements)} of ${output.elements.toLocaleString("en")}`) : null),
        many ? element("td.right", {}, (result.of - result.passed).toLocaleString("en"), element("div.sub", {}, result.first === null ? `of ${result.of.toLocaleString("en")}` : `first: ${result.first.toLocaleString("en")}`)) : null);
      row.dataset.output = output.place;
      body.append(row);
    }
  };
  add(rows.length <= 16 ? 16 : 12);
  const right = ["Out of tolerance", "Iterations failed"];
  const nodes = [element("div.scroll", {}, element("table", {}, element("thead", {}, element("tr", {}, head.map((name) => element(right.includes(name) ? "th.right" : name === " " ? "th.metered" : "th", { scope: "col" }, name)))), body))];
  if (rows.length) {
    const more = element("button.more", { type: "button", onclick: () => {
      add(rows.length);
      more.remove();
    } }, `Show the other ${countText(rows.length, "row")}`);
    nodes.push(more);
  }
  nodes.push(element("p.note", {}, "The bar shows how far a number is from its threshold, the mark in the middle: a tenth of the bar is a power of ten."));
  return nodes;
}
