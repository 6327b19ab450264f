// The panel on the right: the selected node, or the model.

class Details {
  constructor(panel, scene, handlers) {
    this.panel = panel;
    this.scene = scene;
    this.handlers = handlers; // select(item), search(text), toggle(item)
  }

  show(item) {
    this.panel.replaceChildren(...(item ? this.item(item) : this.model()).filter(Boolean));
    this.panel.scrollTop = 0;
  }

  model() {
    const { model } = this.scene;
    const main = model.graphs[0];
    const counts = new Map();
    for (const graph of model.graphs)
      for (const box of graph.boxes) {
        if (box.kind !== "node") continue;
        const entry = counts.get(box.op) ?? { box, count: 0 };
        ++entry.count;
        counts.set(box.op, entry);
      }
    const sorted = [...counts].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
    const interface_ = (kind) =>
      main.boxes.filter((box) => box.kind === kind).map((box) => this.value(main, (box.in ?? box.out)[0], "", null, this.scene.byPath.get(String(box.id))));
    return [
      element("h1", {}, model.name || "Model"),
      element("p.muted", {}, model.summary),
      model.doc ? element("p.doc", {}, model.doc) : null,
      ...this.section("Model", this.list(model.properties)),
      ...this.section("Inputs", ...interface_("input")),
      ...this.section("Outputs", ...interface_("output")),
      ...this.section("Operators", ...sorted.map(([op, { box, count }]) =>
        element("button.chip", { onclick: () => this.handlers.search(op) }, element("i", { colour: colourOf(box) }), op, element("span", {}, String(count))))),
      ...this.section("Metadata", this.list(model.metadata)),
    ];
  }

  item(item) {
    const { box, graph } = item;
    const nodes = [];
    const isNode = box.kind === "node";
    const kinds = { input: "Input", output: "Output", captured: "From outside this graph" };
    nodes.push(
      element("h1", {}, element("i", { colour: isNode ? colourOf(box) : "var(--muted)" }), isNode ? box.op : kinds[box.kind]),
      element("p.muted", {}, [box.domain, box.name, item.path.includes("/") ? `in ${graph.name || "a nested graph"}` : ""].filter(Boolean).join(" \u00b7 ")),
    );
    if (box.graphs)
      nodes.push(element("button.action", { onclick: () => this.handlers.toggle(item) }, item.open ? "Close the nested graphs" : "Open the nested graphs"));
    if (item.parent) nodes.push(element("button.action", { onclick: () => this.handlers.select(item.parent) }, `Up to ${item.parent.box.op}`));
    if (box.doc) nodes.push(element("p.doc", {}, box.doc));
    nodes.push(...this.section("Attributes", this.list(box.attributes)));
    const producers = new Map(item.into.map((edge) => [edge.index, edge.from]));
    const consumers = (value) => item.outof.filter((edge) => edge.index === value).map((edge) => edge.to);
    nodes.push(...this.section(isNode ? "Inputs" : "Value", ...(box.in ?? []).map((value, i) => this.value(graph, value, box.roles?.[i] ?? (isNode ? String(i) : ""), null, producers.get(value)))));
    nodes.push(...this.section(isNode ? "Outputs" : "Value", ...(box.out ?? []).map((value, i) => this.value(graph, value, box.out.length > 1 ? String(i) : "", consumers(value)))));
    const implicit = [...new Set(item.into.filter((edge) => edge.implicit).map((edge) => edge.index))];
    nodes.push(...this.section("Taken by its nested graphs", ...implicit.map((value) => this.value(graph, value, "", null, producers.get(value)))));
    nodes.push(...this.section("Metadata", this.list(box.metadata)));
    return nodes;
  }

  section(title, ...content) {
    const present = content.filter(Boolean);
    return present.length ? [element("h2", {}, title), ...present] : [];
  }

  // Pairs of a name and a text; texts of several lines are set as they are.
  list(pairs) {
    if (!pairs?.length) return null;
    return element("dl", {}, ...pairs.flatMap(([name, text]) => [
      element("dt", {}, name),
      element("dd", {}, text.includes("\n") ? element("pre", {}, text) : text),
    ]));
  }

  value(graph, index, role, consumers, producer) {
    if (index < 0) return element("p.value", {}, element("span.role", {}, `${role} `), element("span.muted", {}, "left out"));
    const value = graph.values[index];
    const link = (text, target) => (target ? element("button.link", { onclick: () => this.handlers.select(target) }, text) : text);
    const block = element("div.value", {}, role ? element("span.role", {}, `${role} `) : null, link(value.name || "(no name)", producer));
    block.append(element("br"), element("code.muted", {}, value.type || "type not known"));
    if (value.constant) {
      block.append(element("span.muted", {}, ` \u00b7 ${value.constant.kind}, ${bytesText(value.constant.bytes)}`));
      if (value.constant.values) block.append(element("pre", {}, value.constant.values));
    }
    if (value.doc) block.append(element("p.doc", {}, value.doc));
    if (consumers?.length) {
      const shown = consumers.slice(0, 12);
      block.append(element("br"), element("span.muted", {}, "to "));
      shown.forEach((target, i) => block.append(i ? ", " : "", link(target.box.op ?? target.box.label, target)));
      if (consumers.length > shown.length) block.append(` and ${consumers.length - shown.length} more`);
    }
    return block;
  }
}
