// Where everything is. The program has placed the boxes of each graph; here nested graphs are opened inside those drawings.
//
// A path names a node through the nested graphs around it: "12" in the main graph, "12/then_branch/3" in a branch of it.

const HEADER = 26; // height of a node's head
const PADDING = 16; // around opened graphs
const CAPTION = 26; // above an opened graph
const STRIP = 1024; // height of the strips that drawn things are found by
const MOST_STRIPS = 64;

// Finds drawn things by their height: each is in the strips that it crosses; the very long ones are in a list of their own.
class Strips {
  constructor() {
    this.strips = new Map();
    this.long = [];
    this.stamp = 0;
  }

  add(item) {
    const first = Math.floor(item.top / STRIP);
    const last = Math.floor(item.bottom / STRIP);
    if (last - first > MOST_STRIPS) {
      this.long.push(item);
      return;
    }
    for (let i = first; i <= last; ++i) {
      const strip = this.strips.get(i);
      if (strip) strip.push(item);
      else this.strips.set(i, [item]);
    }
  }

  // Calls visit for each thing that touches the rectangle, once.
  visit(area, visit) {
    const stamp = ++this.stamp;
    const look = (item) => {
      if (item.stamp === stamp) return;
      item.stamp = stamp;
      if (item.bottom >= area.top && item.top <= area.bottom && item.right >= area.left && item.left <= area.right) visit(item);
    };
    this.long.forEach(look);
    const first = Math.floor(area.top / STRIP);
    const last = Math.floor(area.bottom / STRIP);
    if (last - first > this.strips.size) for (const strip of this.strips.values()) strip.forEach(look);
    else for (let i = first; i <= last; ++i) this.strips.get(i)?.forEach(look);
  }
}

class Scene {
  constructor(model) {
    this.model = model;
    this.opened = new Set();
    this.pathOfGraph = this.findPaths();
    this.rebuild();
  }

  // The first place where each graph is met, walking from the main graph: where search results lead.
  findPaths() {
    const paths = new Map([[0, ""]]);
    const waiting = [0];
    for (let i = 0; i < waiting.length; ++i) {
      const prefix = paths.get(waiting[i]);
      for (const box of this.model.graphs[waiting[i]].boxes)
        for (const [label, inner] of box.graphs ?? [])
          if (!paths.has(inner)) {
            paths.set(inner, `${prefix}${box.id}/${encodeURIComponent(label)}/`);
            waiting.push(inner);
          }
    }
    return paths;
  }

  rebuild() {
    this.boxes = [];
    this.edges = [];
    this.byPath = new Map();
    this.boxStrips = new Strips();
    this.edgeStrips = new Strips();
    const whole = this.measure(0, "");
    this.width = whole.width;
    this.height = whole.height;
    this.place(whole, 0, 0, null);
    for (const box of this.boxes) this.boxStrips.add(box);
    for (const edge of this.edges) this.edgeStrips.add(edge);
  }

  // The size of a graph with what is opened in it, and how far that pushes the rest aside.
  measure(index, prefix) {
    const graph = this.model.graphs[index];
    const openedBoxes = new Map();
    const extraHeight = new Float64Array(graph.layers.length);
    const pushed = new Map(); // layer -> [{x, by}]
    let extraWidth = 0;
    if (this.opened.size > 0)
      graph.boxes.forEach((box, i) => {
        const path = prefix + box.id;
        if (!box.graphs || !this.opened.has(path)) return;
        const parts = box.graphs.map(([label, inner]) => this.measure(inner, `${path}/${encodeURIComponent(label)}/`));
        const width = Math.max(box.w, parts.reduce((sum, part) => sum + part.width + PADDING, PADDING));
        const height = HEADER + CAPTION + Math.max(...parts.map((part) => part.height)) + 2 * PADDING;
        openedBoxes.set(i, { parts, width, height });
        const layer = box.l;
        extraHeight[layer] = Math.max(extraHeight[layer], height - graph.layers[layer][1]);
        if (!pushed.has(layer)) pushed.set(layer, []);
        pushed.get(layer).push({ x: box.x, by: (width - box.w) / 2 });
      });
    for (const list of pushed.values()) extraWidth = Math.max(extraWidth, 2 * list.reduce((sum, push) => sum + push.by, 0));
    const tops = new Float64Array(graph.layers.length);
    let shift = 0;
    graph.layers.forEach(([top], layer) => {
      tops[layer] = top + shift;
      shift += extraHeight[layer];
    });
    return {
      graph, prefix, openedBoxes, extraHeight, pushed, tops,
      offset: extraWidth / 2 + PADDING / 2,
      width: Math.max(graph.width + extraWidth + PADDING, 80),
      height: Math.max(graph.height + shift, 20),
    };
  }

  place(measured, left, top, parent) {
    const { graph, prefix, openedBoxes, extraHeight, pushed, tops, offset } = measured;
    const slack = Math.max(0, measured.width - graph.width - 2 * offset) / 2;
    const xAt = (x, layer) => {
      let moved = x + offset + slack + left;
      for (const push of pushed.get(layer) ?? []) if (x !== push.x) moved += x > push.x ? push.by : -push.by;
      return moved;
    };
    const placed = graph.boxes.map((box, i) => {
      const open = openedBoxes.get(i);
      const width = open ? open.width : box.w;
      const height = open ? open.height : box.h;
      const middle = xAt(box.x, box.l);
      const item = {
        box, graph, parent, path: prefix + box.id, open: Boolean(open),
        left: middle - width / 2, right: middle + width / 2,
        top: top + tops[box.l], bottom: top + tops[box.l] + height,
        into: [], outof: [], panels: [],
      };
      this.boxes.push(item);
      this.byPath.set(item.path, item);
      if (open) {
        let x = item.left + PADDING + (width - PADDING - open.parts.reduce((sum, part) => sum + part.width + PADDING, 0)) / 2;
        open.parts.forEach((part, k) => {
          const panel = {
            label: box.graphs[k][0], graph: part.graph,
            left: x, right: x + part.width, top: item.top + HEADER + PADDING / 2, bottom: item.bottom - PADDING / 2,
          };
          item.panels.push(panel);
          this.place(part, x, panel.top + CAPTION, item);
          x += part.width + PADDING;
        });
      }
      return item;
    });
    for (const [from, to, value, bends, implicit] of graph.edges) {
      const edge = { from: placed[from], to: placed[to], value: graph.values[value], index: value, implicit: Boolean(implicit), points: [] };
      (bends ?? []).forEach((bend, k) => {
        const layer = graph.boxes[from].l + 1 + k;
        const x = xAt(bend, layer);
        const y = top + tops[layer];
        edge.points.push([x, y], [x, y + graph.layers[layer][1] + extraHeight[layer]]);
      });
      edge.from.outof.push(edge);
      edge.to.into.push(edge);
      this.edges.push(edge);
    }
    for (const item of placed) this.connect(item);
    for (const edge of graph.edges.length ? this.edges.slice(-graph.edges.length) : []) this.bound(edge);
  }

  // Where edges touch a box: outputs side by side below it, inputs above it in the order in which they arrive.
  connect(item) {
    const spread = (count, k) => {
      const room = (item.right - item.left) * 0.6;
      const step = count > 1 ? Math.min(22, room / (count - 1)) : 0;
      return (item.left + item.right) / 2 + (k - (count - 1) / 2) * step;
    };
    const values = [...new Set(item.outof.map((edge) => edge.index))].sort((a, b) => a - b);
    for (const edge of item.outof) edge.start = [spread(values.length, values.indexOf(edge.index)), item.bottom];
    const arriving = item.into.map((edge) => ({
      edge,
      x: edge.points.length ? edge.points[edge.points.length - 1][0] : (edge.from.left + edge.from.right) / 2,
    }));
    arriving.sort((a, b) => a.x - b.x);
    arriving.forEach(({ edge }, k) => (edge.end = [spread(arriving.length, k), item.top]));
    item.labelled = values.map((value) => item.outof.find((edge) => edge.index === value));
  }

  bound(edge) {
    const points = [edge.start, ...edge.points, edge.end];
    edge.points = points;
    edge.left = edge.top = Infinity;
    edge.right = edge.bottom = -Infinity;
    for (const [x, y] of points) {
      edge.left = Math.min(edge.left, x);
      edge.right = Math.max(edge.right, x);
      edge.top = Math.min(edge.top, y);
      edge.bottom = Math.max(edge.bottom, y);
    }
  }

  // The innermost box there, or null.
  at(x, y) {
    let found = null;
    this.boxStrips.visit({ left: x, right: x, top: y, bottom: y }, (item) => {
      if (!found || item.right - item.left <= found.right - found.left) found = item;
    });
    return found;
  }

  toggle(path) {
    if (!this.opened.delete(path)) this.opened.add(path);
    this.rebuild();
  }

  // Opens all nested graphs that there is reasonable room for: not those of functions inside functions.
  openAll() {
    let boxes = 0;
    const walk = (index, prefix, depth) => {
      for (const box of this.model.graphs[index].boxes) {
        if (!box.graphs || depth > 8 || boxes > 50000) continue;
        this.opened.add(prefix + box.id);
        for (const [label, inner] of box.graphs) {
          boxes += this.model.graphs[inner].boxes.length;
          walk(inner, `${prefix}${box.id}/${encodeURIComponent(label)}/`, depth + 1);
        }
      }
    };
    walk(0, "", 0);
    this.rebuild();
  }

  closeAll() {
    this.opened.clear();
    this.rebuild();
  }

  // Opens what is around a path; the box there, or null if there is none.
  reveal(path) {
    const parts = path.split("/");
    let changed = false;
    for (let i = 1; i < parts.length; i += 2) {
      const around = parts.slice(0, i).join("/");
      if (this.opened.has(around)) continue;
      this.opened.add(around);
      changed = true;
    }
    if (changed) this.rebuild();
    return this.byPath.get(path) ?? null;
  }
}
