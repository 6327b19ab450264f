// What the layers of a runner took, and sums for each type.

function shareMeter(seconds, most) {
  return element("div.meter", { style: { width: "160px" }, "aria-hidden": "true" }, element("i", { style: { width: `${most > 0 ? (100 * seconds) / most : 0}%`, background: "var(--accent)" } }));
}

// Rows end in calls and seconds; what comes before them is text.
function timesTable(head, rows, times, textColumns, visible) {
  const body = element("tbody");
  const most = rows.length ? rows[0].at(-1) : 0;
  const rest = [...rows];
  const add = (count) => {
    for (const row of rest.splice(0, count)) {
      const seconds = row.at(-1);
      body.append(element("tr", {},
        row.slice(0, -1).map((value, i) => element(i >= textColumns ? "td.right" : i ? "td" : "td.name.mono", {}, typeof value === "number" ? value.toLocaleString("en") : value)),
        element("td.right", {}, secondsText(seconds / times.inferences)), element("td.right", {}, shareText(seconds, times.all)), element("td", {}, shareMeter(seconds, most))));
    }
  };
  add(rows.length <= visible + 4 ? visible + 4 : visible);
  const table = element("div.scroll", {}, element("table", {}, element("thead", {}, element("tr", {}, [...head, "Mean time", "Share", ""].map((name, i) => element(i >= textColumns && name ? "th.right" : "th", { scope: "col" }, name)))), body));
  if (!rest.length) return [table];
  const more = element("button.more", { type: "button", onclick: () => {
    add(rest.length);
    more.remove();
  } }, `Show the other ${countText(rest.length, "row")}`);
  return [table, more];
}

function layersPanel(runner) {
  const times = runner.layerTimes;
  if (!times) return null;
  const panel = element("section.panel.layers", {}, element("div.heading", {}, element("h2", {}, "Layers of ", runner.name), element("span.muted", {}, `${countText(times.count, "layer")}, ${countText(times.inferences, "inference")}`)),
    element("p.note", {}, `Of an inference of ${secondsText(times.seconds / times.inferences)}, layers took ${secondsText(times.all / times.inferences)}. Means are for one inference, shares are of what all layers took; a layer's time is without that of layers inside of it.`));
  const kept = [0, 1, 2].filter((i) => i === 0 || times.layers.some((row) => row[i]));
  const rows = times.layers.map((row) => [...kept.map((i) => row[i]), row[3], row[4]]);
  panel.append(...timesTable([...kept.map((i) => ["Layer", "Type", "Ran by"][i]), "Calls"], rows, times, kept.length, 12));
  if (times.count > times.layers.length)
    panel.append(element("p.note", {}, `${countText(times.count - times.layers.length, "layer")} that took least are left out. --json has them all.`));
  if (kept.includes(1)) panel.append(element("h3", {}, "By type"), ...timesTable(["Type", "Layers", "Calls"], times.types.map((row) => [row[0] || "(not known)", ...row.slice(1)]), times, 1, 12));
  return panel;
}
