// The part of the scene that is on the screen, and the gestures that move it.

const SMALLEST = 0.002;
const LARGEST = 4;

class View {
  constructor(canvas, redraw) {
    this.canvas = canvas;
    this.redraw = redraw;
    this.scale = 1;
    this.x = 0; // of the scene, at the left edge of the screen
    this.y = 0;
    this.resize();
  }

  resize() {
    this.ratio = window.devicePixelRatio || 1;
    this.width = window.innerWidth;
    this.height = window.innerHeight;
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    this.redraw();
  }

  // What is not covered by the panels, in pixels of the screen.
  free() {
    const wide = this.width > 900;
    return { left: 24, top: 76, right: wide ? this.width - 396 : this.width - 24, bottom: wide ? this.height - 24 : this.height * 0.58 };
  }

  area() {
    return { left: this.x, top: this.y, right: this.x + this.width / this.scale, bottom: this.y + this.height / this.scale };
  }

  toScene(x, y) {
    return [this.x + x / this.scale, this.y + y / this.scale];
  }

  panBy(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.redraw();
  }

  zoomTo(scale, x, y) {
    const free = this.free();
    x ??= (free.left + free.right) / 2;
    y ??= (free.top + free.bottom) / 2;
    const [sceneX, sceneY] = this.toScene(x, y);
    this.scale = Math.min(LARGEST, Math.max(SMALLEST, scale));
    this.x = sceneX - x / this.scale;
    this.y = sceneY - y / this.scale;
    this.redraw();
  }

  centre(x, y, scale) {
    const free = this.free();
    this.scale = Math.min(LARGEST, Math.max(SMALLEST, scale ?? this.scale));
    this.x = x - (free.left + free.right) / 2 / this.scale;
    this.y = y - (free.top + free.bottom) / 2 / this.scale;
    this.redraw();
  }

  scaleToFit(width, height) {
    const free = this.free();
    return Math.min(1.25, (free.right - free.left) / width, (free.bottom - free.top) / height);
  }

  fit(scene) {
    this.centre(scene.width / 2, scene.height / 2, this.scaleToFit(scene.width, scene.height));
  }

  // All of it if that can be read, else the beginning.
  begin(scene) {
    const scale = this.scaleToFit(scene.width, scene.height);
    if (scale >= 0.5) return this.fit(scene);
    const first = scene.boxes.find((item) => item.box.kind === "input") ?? scene.boxes[0];
    const free = this.free();
    this.centre((first.left + first.right) / 2, first.top, 0.85);
    this.y = first.top - (free.top + 10) / this.scale;
    this.redraw();
  }

  show(item) {
    const scale = Math.max(this.scale, 0.6);
    const free = this.free();
    const inside =
      scale === this.scale &&
      (item.left - this.x) * scale > free.left && (item.right - this.x) * scale < free.right &&
      (item.top - this.y) * scale > free.top && (item.bottom - this.y) * scale < free.bottom;
    if (inside) this.redraw();
    else this.centre((item.left + item.right) / 2, Math.min((item.top + item.bottom) / 2, item.top + 300 / scale), scale);
  }

  // handlers: click(x, y), doubleClick(x, y), hover(x, y) with pixels of the screen.
  listen(handlers) {
    const pointers = new Map();
    let moved = 0;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event);
      if (pointers.size === 1) moved = 0;
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return handlers.hover(event.clientX, event.clientY);
      const dx = event.clientX - before.clientX;
      const dy = event.clientY - before.clientY;
      moved += Math.abs(dx) + Math.abs(dy);
      if (pointers.size === 2) {
        const [a, b] = [...pointers.values()];
        const other = a.pointerId === event.pointerId ? b : a;
        const distance = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
        this.zoomTo((this.scale * distance(event)) / Math.max(1, distance(before)), other.clientX, other.clientY);
      } else if (moved > 3) {
        this.canvas.classList.add("dragging");
        this.panBy(dx, dy);
      }
      pointers.set(event.pointerId, event);
    });
    const release = (event) => {
      if (pointers.delete(event.pointerId) && moved <= 3 && event.type === "pointerup") handlers.click(event.clientX, event.clientY);
      this.canvas.classList.remove("dragging");
    };
    this.canvas.addEventListener("pointerup", release);
    this.canvas.addEventListener("pointercancel", release);
    this.canvas.addEventListener("dblclick", (event) => handlers.doubleClick(event.clientX, event.clientY));
    this.canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const step = event.deltaMode === 1 ? 16 : 1;
        if (event.ctrlKey || event.metaKey) this.zoomTo(this.scale * Math.exp(-event.deltaY * step * 0.006), event.clientX, event.clientY);
        else if (event.shiftKey && event.deltaX === 0) this.panBy(-event.deltaY * step, 0);
        else this.panBy(-event.deltaX * step, -event.deltaY * step);
      },
      { passive: false },
    );
  }
}
