// One output in full: plots, worst elements, statistics of both sides. Drawn when it is opened.

function card(output, pair) {
  const ok = output.results.every((result) => result.ok);
  const made = element("details.card", { "data-place": output.place },
    element("summary", {}, element("span.mono", {}, output.name || "(no name)"), badge(ok),
      element("span.muted", {}, output.dtypes ? `${[...new Set(output.dtypes)].join(" / ")} ${shapeText(output.shape)}` : ""),
      pair.iterations > 1 ? element("span.muted", {}, `iteration ${output.results[0].at.toLocaleString("en")}`) : null));
  let filled = false;
  made.fill = () => {
    if (filled) return;
    filled = true;
    made.append(element("div.body", {}, cardBody(output, pair)));
  };
  made.addEventListener("toggle", () => {
    if (made.open) made.fill();
  });
  return made;
}

function cardBody(output, pair) {
  const nodes = [];
  const lines = [];
  const full = output.full ?? {};
  if (full.problem) lines.push(element("p", {}, full.problem));
  for (const note of full.notes ?? []) lines.push(element("p.muted", {}, note));
  for (const result of output.results) {
    const [number, limit] = resultText(result);
    lines.push(element("p", {}, badge(result.ok), ` ${pair.functions[result.f]}: ${number}${limit ? `; ${limit}` : ""}`));
  }
  if (full.first_mismatch) lines.push(element("p.muted", {}, `The first element out of tolerance is at ${full.first_mismatch}.`));
  const nan = [0, 1].map((side) => full.stats?.[side]?.find(([name]) => name === "NaN")).map((row, side) => (row && row[1] ? `${[pair.first, pair.second][side]} has ${row[1].toLocaleString("en")} NaN,${row[2]}` : null)).filter(Boolean);
  if (nan.length) lines.push(element("p", {}, `${nan.join("; ")}.`));
  nodes.push(element("div.lines", {}, lines));
  if (output.map) {
    const figures = [heatFigure(output), densityFigure(output, pair), axisFigure(output), errorsFigure(output, "absolute"), errorsFigure(output, "relative"), valuesFigure(output, pair)];
    nodes.push(element("div.grid", {}, ...figures));
  } else if (full.stats) {
    nodes.push(element("p.note", {}, `Plots are kept of the ${report.limits.drawn} worst outputs only.`));
  }
  const strips = (output.strips ?? []).filter(([f]) => output.results.some((result) => result.f === f && (result.metric || result.stat)));
  if (strips.length)
    nodes.push(element("div.grid", {}, strips.map(([f, strip]) => {
      const result = output.results.find((each) => each.f === f);
      return stripFigure(result, strip, result.metric ?? `${result.stat === "elemwise" ? "largest" : result.stat} |a − b|`);
    })));
  if (full.stats) nodes.push(element("div.columns", {}, worstTable(full), statisticsTable(full)));
  return nodes;
}

function worstTable(full) {
  const hasValues = full.worst.some((row) => row[1] !== null);
  const head = ["Index", ...(hasValues ? ["a", "b"] : []), "|a − b|", "Relative"];
  return element("div", {}, element("h3", {}, "Worst elements"),
    full.worst.length
      ? element("div.scroll", {}, element("table.small", {}, element("thead", {}, element("tr", {}, head.map((name, i) => element(i ? "th.right" : "th", { scope: "col" }, name)))),
          element("tbody", {}, full.worst.map(([index, a, b, absolute, relative]) => element("tr", {}, element("td.mono", {}, index),
            hasValues ? [element("td.right", {}, a), element("td.right", {}, b)] : null, element("td.right", {}, numberText(absolute)), element("td.right", {}, numberText(relative)))))))
      : element("p.muted", {}, "No element differs."));
}

function statisticsTable(full) {
  const columns = ["a", "b", "|a − b|", "Relative"];
  const names = full.stats.find((list) => list.length)?.map(([name]) => name) ?? [];
  return element("div", {}, element("h3", {}, "Statistics"),
    names.length
      ? element("div.scroll", {}, element("table.small", {}, element("thead", {}, element("tr", {}, element("th", {}), columns.map((name) => element("th.right", { scope: "col" }, name)))),
          element("tbody", {}, names.map((name, i) => element("tr", {}, element("td.muted", {}, name), full.stats.map((list) => element("td.right", { title: list[i]?.[2] ?? "" }, list[i] ? numberText(list[i][1], 5) : "–")))))))
      : element("p.muted", {}, "None: the output is text, or has no elements."));
}
