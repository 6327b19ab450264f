// Finds nodes by operator, name, or the name of a tensor that they make or take.

const MOST_RESULTS = 200;

class Search {
  constructor(scene, handlers) {
    this.scene = scene;
    this.handlers = handlers; // choose(path), changed()
    this.found = new Set();
    this.results = [];
    this.current = -1;
    this.input = byId("search");
    this.list = byId("results");
    this.input.addEventListener("input", () => this.run(this.input.value));
    this.input.addEventListener("focus", () => this.input.value && (this.list.hidden = false));
    this.input.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", (event) => {
      if (!byId("search-box").contains(event.target)) this.list.hidden = true;
    });
  }

  // One entry for each box, made when it is first needed.
  index() {
    if (this.entries) return this.entries;
    this.entries = [];
    this.scene.model.graphs.forEach((graph, index) => {
      const prefix = this.scene.pathOfGraph.get(index);
      if (prefix === undefined) return;
      for (const box of graph.boxes) {
        const tensors = [...(box.in ?? []), ...(box.out ?? [])].filter((value) => value >= 0).map((value) => graph.values[value].name);
        this.entries.push({
          box, graph, path: prefix + box.id, op: (box.op ?? box.kind).toLowerCase(), name: box.name.toLowerCase(),
          tensors: tensors.join("\n").toLowerCase(),
        });
      }
    });
    return this.entries;
  }

  run(text) {
    this.input.value = text;
    const wanted = text.trim().toLowerCase();
    this.results = [];
    if (wanted) {
      const ranked = [[], [], [], []];
      for (const entry of this.index()) {
        if (entry.op === wanted || entry.name === wanted) ranked[0].push(entry);
        else if (entry.op.includes(wanted)) ranked[1].push(entry);
        else if (entry.name.includes(wanted)) ranked[2].push(entry);
        else if (entry.tensors.includes(wanted)) ranked[3].push(entry);
      }
      this.results = ranked.flat();
    }
    this.found = new Set(this.results.map((entry) => entry.path));
    this.current = -1;
    this.show(wanted);
    this.handlers.changed();
  }

  show(wanted) {
    this.list.hidden = !wanted;
    this.list.replaceChildren(
      element("p", { id: "result-count" }, this.results.length ? countText(this.results.length, "result") : "Nothing found"),
      ...this.results.slice(0, MOST_RESULTS).map((entry, i) =>
        element("button.result", { onclick: () => this.choose(i), title: entry.box.name },
          element("i", { colour: entry.box.kind === "node" ? colourOf(entry.box) : "var(--muted)" }),
          element("b", {}, entry.box.op ?? entry.box.kind),
          element("span", {}, entry.box.name),
          element("span.where", {}, entry.path.includes("/") ? entry.graph.name : ""))),
    );
  }

  choose(i) {
    if (!this.results.length) return;
    this.current = (i + this.results.length) % this.results.length;
    [...this.list.querySelectorAll(".result")].forEach((row, k) => row.classList.toggle("current", k === this.current));
    this.list.querySelector(".current")?.scrollIntoView({ block: "nearest" });
    this.handlers.choose(this.results[this.current].path);
  }

  key(event) {
    if (event.key === "ArrowDown" || (event.key === "Enter" && !event.shiftKey)) this.choose(this.current + 1);
    else if (event.key === "ArrowUp" || event.key === "Enter") this.choose(this.current - 1);
    else if (event.key === "Escape") {
      this.run("");
      byId("graph").focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
