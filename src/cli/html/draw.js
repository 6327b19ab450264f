// Draws what is on the screen of the scene. The further away, the less detail: text is left out where it could not be read.

const FONT = '"Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';
const READABLE = 0.32; // the scale from which text is drawn
const COARSE = 0.12; // the scale below which boxes are plain and edges straight

class Painter {
  constructor(canvas) {
    this.context = canvas.getContext("2d", { alpha: false });
    this.readColours();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colours = {};
    for (const name of ["page", "card", "border", "text", "muted", "edge", "accent", "inside"])
      this.colours[name] = style.getPropertyValue(`--${name}`).trim();
  }

  paint(scene, view, state) {
    const context = this.context;
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.fillStyle = this.colours.page;
    context.fillRect(0, 0, view.width, view.height);
    const factor = view.ratio * view.scale;
    context.setTransform(factor, 0, 0, factor, -view.x * factor, -view.y * factor);
    const area = view.area();
    const containers = [];
    const boxes = [];
    scene.boxStrips.visit(area, (item) => (item.open ? containers : boxes).push(item));
    containers.sort((a, b) => b.right - b.left - (a.right - a.left));
    for (const item of containers) this.container(item, view.scale, state);
    this.edges(scene, area, view.scale, state);
    if (view.scale < COARSE) this.plainBoxes(boxes, view.scale, state);
    else for (const item of boxes) this.box(item, view.scale, state);
    this.marks(containers, boxes, view.scale, state);
    return boxes.length + containers.length;
  }

  edges(scene, area, scale, state) {
    const context = this.context;
    const plain = new Path2D();
    const dashed = new Path2D();
    const heads = new Path2D();
    const selected = new Path2D();
    const smallest = 1.5 / scale;
    const coarse = scale < COARSE;
    const labels = [];
    scene.edgeStrips.visit(area, (edge) => {
      if (coarse && edge.bottom - edge.top < smallest && edge.right - edge.left < smallest) return;
      const isSelected = state.selected && (edge.from === state.selected || edge.to === state.selected);
      const path = isSelected ? selected : edge.implicit ? dashed : plain;
      if (coarse) straight(path, edge.points);
      else curve(path, edge.points);
      if (scale >= READABLE) arrow(isSelected ? selected : heads, edge.end);
      if (scale >= 0.5 && edge.from.labelled.includes(edge) && edge.value.shape) labels.push(edge);
    });
    context.lineWidth = Math.max(1.2, 0.7 / scale);
    context.strokeStyle = this.colours.edge;
    context.stroke(plain);
    context.stroke(heads);
    context.setLineDash([4, 4]);
    context.stroke(dashed);
    context.setLineDash([]);
    context.strokeStyle = this.colours.accent;
    context.lineWidth = Math.max(1.8, 1.2 / scale);
    context.stroke(selected);
    this.labels(labels, area);
  }

  // The shape of a value, where its edges begin.
  labels(edges, area) {
    const context = this.context;
    context.font = `10.5px ${FONT}`;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = this.colours.page;
    context.fillStyle = this.colours.muted;
    for (const edge of edges) {
      const [x, y] = edge.start;
      if (y < area.top - 40 || y > area.bottom) continue;
      context.strokeText(edge.value.shape, x + 6, y + 11);
      context.fillText(edge.value.shape, x + 6, y + 11);
    }
  }

  plainBoxes(items, scale, state) {
    const byColour = new Map();
    for (const item of items) {
      const colour = item.box.kind === "node" ? colourOf(item.box) : this.colours.muted;
      if (!byColour.has(colour)) byColour.set(colour, []);
      byColour.get(colour).push(item);
    }
    const least = 1 / scale;
    for (const [colour, list] of byColour) {
      this.context.fillStyle = colour;
      for (const item of list)
        this.context.fillRect(item.left, item.top, Math.max(item.right - item.left, least), Math.max(item.bottom - item.top, least));
    }
  }

  box(item, scale, state) {
    if (item.box.kind === "node") this.node(item, scale);
    else this.pill(item, scale);
  }

  node(item, scale) {
    const context = this.context;
    const { box, left, top, right, bottom } = item;
    const width = right - left;
    context.fillStyle = this.colours.card;
    context.beginPath();
    context.roundRect(left, top, width, bottom - top, 6);
    context.fill();
    context.fillStyle = colourOf(box);
    context.beginPath();
    context.roundRect(left, top, width, HEADER, bottom - top > HEADER ? [6, 6, 0, 0] : 6);
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = this.colours.border;
    context.beginPath();
    context.roundRect(left, top, width, bottom - top, 6);
    context.stroke();
    if (scale < READABLE) return;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillStyle = "#ffffff";
    context.font = `600 13px ${FONT}`;
    context.fillText(box.op, left + 10, top + HEADER / 2 + 0.5, width - (box.graphs ? 38 : 20));
    if (box.graphs) {
      context.textAlign = "center";
      context.fillText("+", right - 13, top + HEADER / 2);
      context.textAlign = "left";
    }
    if (scale < 0.45) return;
    context.font = `11px ${FONT}`;
    let y = top + HEADER + 12;
    context.fillStyle = this.colours.muted;
    if (box.label) {
      context.fillText(box.label, left + 10, y, width - 20);
      y += 15;
    }
    context.fillStyle = this.colours.text;
    for (const row of box.rows ?? []) {
      context.fillText(row, left + 10, y, width - 20);
      y += 15;
    }
  }

  pill(item, scale) {
    const context = this.context;
    const { box, left, top, right, bottom } = item;
    context.fillStyle = this.colours.card;
    context.strokeStyle = this.colours.muted;
    context.lineWidth = 1.2;
    if (box.kind === "captured") context.setLineDash([4, 3]);
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, (bottom - top) / 2);
    context.fill();
    context.stroke();
    context.setLineDash([]);
    if (scale < READABLE) return;
    context.fillStyle = this.colours.text;
    context.font = `${box.kind === "captured" ? "italic " : ""}12px ${FONT}`;
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.fillText(box.label, (left + right) / 2, (top + bottom) / 2 + 0.5, right - left - 16);
  }

  container(item, scale) {
    const context = this.context;
    const { box, left, top, right, bottom } = item;
    context.fillStyle = this.colours.card;
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, 8);
    context.fill();
    context.fillStyle = colourOf(box);
    context.beginPath();
    context.roundRect(left, top, right - left, HEADER, [8, 8, 0, 0]);
    context.fill();
    for (const panel of item.panels) {
      context.fillStyle = this.colours.page;
      context.beginPath();
      context.roundRect(panel.left, panel.top, panel.right - panel.left, panel.bottom - panel.top, 6);
      context.fill();
    }
    context.strokeStyle = colourOf(box);
    context.lineWidth = 1.5;
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, 8);
    context.stroke();
    if (scale < READABLE / 2) return;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillStyle = "#ffffff";
    context.font = `600 13px ${FONT}`;
    context.fillText(box.label ? `${box.op}  ${box.label}` : box.op, left + 12, top + HEADER / 2 + 0.5, right - left - 44);
    context.textAlign = "center";
    context.fillText("\u2212", right - 15, top + HEADER / 2);
    context.textAlign = "left";
    context.fillStyle = this.colours.muted;
    context.font = `600 11px ${FONT}`;
    for (const panel of item.panels)
      context.fillText(panel.label, panel.left + 10, panel.top + 13, panel.right - panel.left - 20);
  }

  // Rings around what is selected, found or pointed at.
  marks(containers, boxes, scale, state) {
    const ring = (item, width, colour) => {
      this.context.strokeStyle = colour;
      this.context.lineWidth = Math.max(width, (0.7 * width) / scale);
      this.context.beginPath();
      this.context.roundRect(item.left - 2.5, item.top - 2.5, item.right - item.left + 5, item.bottom - item.top + 5, item.box.kind === "node" ? 8 : 18);
      this.context.stroke();
    };
    for (const list of [containers, boxes])
      for (const item of list) {
        if (item === state.selected) ring(item, 2.6, this.colours.accent);
        else if (state.found.has(item.path)) ring(item, 1.8, this.colours.accent);
        else if (item === state.hovered) ring(item, 1.4, this.colours.edge);
      }
  }
}

// From box to box in vertical tangents; straight between the two ends of a layer.
function curve(path, points) {
  path.moveTo(points[0][0], points[0][1]);
  for (let i = 1; i < points.length; ++i) {
    const [x0, y0] = points[i - 1];
    const [x1, y1] = points[i];
    if (i % 2 === 0 || Math.abs(x0 - x1) < 0.5) {
      path.lineTo(x1, y1);
    } else {
      const reach = y1 > y0 ? (y1 - y0) / 2 : 60; // upwards only in a cycle
      path.bezierCurveTo(x0, y0 + reach, x1, y1 - reach, x1, y1);
    }
  }
}

function straight(path, points) {
  path.moveTo(points[0][0], points[0][1]);
  for (let i = 1; i < points.length; ++i) path.lineTo(points[i][0], points[i][1]);
}

function arrow(path, [x, y]) {
  path.moveTo(x - 3.5, y - 6);
  path.lineTo(x, y - 0.5);
  path.lineTo(x + 3.5, y - 6);
}
