const report = JSON.parse(byId("data").textContent);

function fact(name, content) {
  return content ? [element("dt", {}, name), element("dd", {}, content)] : [];
}

function verdictPanel() {
  return element(report.passed ? "section.panel.verdict" : "section.panel.verdict.bad", {},
    element("h1", {}, report.title),
    report.sentences.map((text) => element("p", {}, text)),
    element("dl.facts", {},
      fact("Command", element("code", {}, report.command)),
      fact("Model", report.model ? element("code", {}, report.model) : null),
      fact("Iterations", report.iterations ? report.iterations.toLocaleString("en") : null),
      fact("Took", report.seconds ? secondsText(report.seconds) : null)));
}

function runnersPanel() {
  if (!report.runners.length) return null;
  const most = Math.max(...report.runners.map((runner) => runner.mean ?? 0));
  return element("section.panel", {}, element("div.heading", {}, element("h2", {}, "Runners")),
    element("div.scroll", {}, element("table", {},
      element("thead", {}, element("tr", {}, ["Runner", "Inferences", "Mean time", "Least", "Most", ""].map((name, i) => element(i && i < 5 ? "th.right" : "th", { scope: "col" }, name)))),
      element("tbody", {}, report.runners.map((runner) => element("tr", {}, element("td.name", {}, runner.name), element("td.right", {}, runner.inferences.toLocaleString("en")),
        ...[runner.mean, runner.least, runner.most].map((seconds) => element("td.right", {}, secondsText(seconds))),
        element("td", {}, most > 0 && runner.mean ? element("div.meter", { style: { width: "160px" }, "aria-hidden": "true" }, element("i", { style: { width: `${(100 * runner.mean) / most}%`, background: "var(--accent)" } })) : null)))))));
}

function invalidPanel() {
  if (!report.invalid.length) return null;
  return element("section.panel", {}, element("div.heading", {}, element("h2", {}, "NaN and infinities"), badge(false)),
    element("div.scroll", {}, element("table", {}, element("thead", {}, element("tr", {}, ["Runner", "Output", "Iterations", "First", "Found"].map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, report.invalid.map((each) => element("tr", {}, element("td", {}, each.runner), element("td.name.mono", {}, each.output), element("td", {}, each.iterations.toLocaleString("en")), element("td", {}, each.first.toLocaleString("en")), element("td.name", {}, each.text)))))),
    report.invalidCount > report.invalid.length ? element("p.note", {}, `${countText(report.invalidCount - report.invalid.length, "more output")} left out.`) : null);
}

function pairPanel(pair) {
  const cards = new Map();
  const list = element("div");
  const cardOf = (place) => {
    const found = cards.get(place);
    if (found && found.parentNode !== list) list.append(found);
    return found;
  };
  const choose = (output) => {
    const chosen = cardOf(output.place);
    if (chosen) {
      chosen.open = true;
      chosen.fill();
      chosen.scrollIntoView({ block: "start" });
      chosen.querySelector("summary").focus({ preventScroll: true });
      return;
    }
    for (const row of panel.querySelectorAll("tr.chosen")) row.className = "";
    panel.querySelector(".more")?.click();
    const rows = panel.querySelectorAll(`tr[data-output="${output.place}"]`);
    for (const row of rows) row.className = "chosen";
    rows[0]?.scrollIntoView({ block: "center" });
  };
  const total = pair.average === null ? `${pair.passed.toLocaleString("en")} of ${countText(pair.iterations, "iteration")} passed` : `averages over ${countText(pair.iterations, "iteration")}`;
  const panel = element("section.panel", {}, element("div.heading", {}, element("h2", {}, pair.first, element("span.vs", {}, " vs. "), pair.second), badge(pair.ok), element("span.muted", {}, total)));
  panel.append(element("p.note", {}, `a is ${pair.first}, b is ${pair.second}.`));
  if (pair.outputs.length >= 8 && pair.outputs.some((output) => output.max !== undefined)) panel.append(element("div.grid", {}, overviewFigure(pair, choose)));
  panel.append(...outputTable(pair, choose));
  if (pair.count > pair.outputs.length)
    panel.append(element("p.note", {}, `${countText(pair.count - pair.outputs.length, "output")} with the smallest errors are left out: a page lists ${report.limits.listed.toLocaleString("en")} of a pair. --json has them all.`));
  const told = [...pair.outputs].sort((a, b) => a.rank - b.rank).filter((output) => output.full || output.map);
  const visible = 12;
  for (const output of told) cards.set(output.place, card(output, pair));
  for (const output of told.slice(0, visible)) cardOf(output.place);
  panel.append(list);
  if (told[0]) {
    const first = cardOf(told[0].place);
    first.open = true;
    first.fill();
  }
  if (told.length > visible)
    panel.append(element("p.note", {}, `Details of ${countText(told.length - visible, "more output")} open from the table and the overview.${pair.outputs.length > told.length ? ` A page tells ${report.limits.full} outputs in full.` : ""}`));
  if (pair.outputs.some((output) => output.full?.stats) && told.length > told.filter((output) => output.map).length && told.some((output) => output.map))
    panel.append(element("p.note", {}, `Plots are drawn for the ${report.limits.drawn} worst outputs of the run.`));
  return panel;
}

function themeButton() {
  return element("button", { type: "button", onclick: () => setTheme(!isDark()) }, "Light / dark");
}

function setTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  for (const chart of charts) if (chart.box.isConnected) chart.redraw();
}

const asked = /(?:^#|&)theme=(dark|light)\b/.exec(location.hash)?.[1];
setTheme(asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => setTheme(event.matches));
byId("report").append(
  element("div.top", {}, element("span", {}, `Polygraph ${report.version} · ${report.written}`), themeButton()),
  ...[verdictPanel(), ...report.pairs.map(pairPanel), invalidPanel(), runnersPanel(), ...report.runners.map(layersPanel)].filter(Boolean));
// Paper is light, and shows what is open.
let wasDark = false;
addEventListener("beforeprint", () => {
  wasDark = isDark();
  setTheme(false);
});
addEventListener("afterprint", () => setTheme(wasDark));
requestAnimationFrame(() => {
  for (const chart of charts) if (chart.box.isConnected) chart.redraw();
  document.body.dataset.ready = charts.size;
});
