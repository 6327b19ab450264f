// The whole scene in a corner, with a frame around what is on the screen.

class Minimap {
  constructor(canvas, view) {
    this.canvas = canvas;
    this.view = view;
    this.picture = document.createElement("canvas");
    const move = (event) => {
      if (event.buttons !== 1) return;
      view.centre(event.offsetX / this.scale, event.offsetY / this.scale);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      move(event);
    });
    canvas.addEventListener("pointermove", move);
  }

  rebuild(scene) {
    const ratio = this.view.ratio;
    this.scale = Math.min(150 / scene.width, Math.min(260, this.view.height * 0.4) / scene.height);
    const width = Math.max(24, scene.width * this.scale);
    const height = Math.max(24, scene.height * this.scale);
    for (const canvas of [this.canvas, this.picture]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const context = this.picture.getContext("2d");
    const factor = ratio * this.scale;
    const least = 1.2 / factor;
    context.setTransform(factor, 0, 0, factor, 0, 0);
    for (const item of scene.boxes) {
      if (item.open) continue;
      context.fillStyle = item.box.kind === "node" ? colourOf(item.box) : "#8a94a3";
      context.fillRect(item.left, item.top, Math.max(item.right - item.left, least), Math.max(item.bottom - item.top, least));
    }
  }

  paint(colours) {
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.picture, 0, 0);
    const factor = this.view.ratio * this.scale;
    const area = this.view.area();
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5 * this.view.ratio;
    context.strokeRect(
      Math.max(1, area.left * factor), Math.max(1, area.top * factor),
      Math.min(this.canvas.width - 2, Math.max(3, (area.right - area.left) * factor)),
      Math.min(this.canvas.height - 2, Math.max(3, (area.bottom - area.top) * factor)),
    );
  }
}
