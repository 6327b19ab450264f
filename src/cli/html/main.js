// Puts the parts together. The address holds the state, so that a link shows the same:
//   #node=12/then_branch/3   a node, selected        #open=12 or #open=all   opened nested graphs
//   #search=Conv             a search                #theme=dark             the colours

const HELP = [
  ["/", "search"], ["Enter", "next result; on a node: open or close its nested graphs"], ["Escape", "clear the search, then the selection"],
  ["Arrows", "walk along the edges and within a layer"], ["Drag, wheel", "move"], ["Ctrl + wheel, + and -", "zoom"],
  ["F", "show all"], ["1", "actual size"], ["N", "open or close all nested graphs"], ["D", "light or dark"],
];

const model = JSON.parse(byId("model").textContent);
const scene = new Scene(model);
const state = { selected: null, hovered: null, found: new Set() };
let waiting = false;
const view = new View(byId("graph"), redraw);
const painter = new Painter(view.canvas);
const minimap = new Minimap(byId("minimap"), view);
const details = new Details(byId("details"), scene, { select: (item) => select(item.path), search: (text) => search.run(text), toggle });
const search = new Search(scene, {
  choose: select,
  changed() {
    state.found = search.found;
    remember();
    redraw();
  },
});

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(paint);
}

function paint() {
  waiting = false;
  const drawn = painter.paint(scene, view, state);
  minimap.paint(painter.colours);
  byId("zoom").textContent = `${Math.round(view.scale * 100) || "<1"}%`;
  // For tests: what there is, since a canvas has no elements.
  Object.assign(document.body.dataset, { boxes: scene.boxes.length, edges: scene.edges.length, drawn, opened: [...scene.opened].sort().join(" "), selected: state.selected?.path ?? "", found: state.found.size });
}

function sceneChanged() {
  if (state.selected) state.selected = scene.byPath.get(state.selected.path) ?? null;
  state.hovered = null;
  minimap.rebuild(scene);
  byId("nested").textContent = scene.opened.size ? "Close all" : "Open all";
  details.show(state.selected);
  remember();
  redraw();
}

function select(path) {
  const boxes = scene.boxes;
  state.selected = path === null ? null : scene.reveal(path);
  if (boxes !== scene.boxes) sceneChanged();
  details.show(state.selected);
  if (state.selected) view.show(state.selected);
  remember();
  redraw();
}

// Opens or closes the nested graphs of a node, which stays where it is on the screen.
function toggle(item) {
  if (!item.box.graphs) return;
  const x = (item.left + item.right) / 2;
  const y = item.top;
  scene.toggle(item.path);
  const after = scene.byPath.get(item.path);
  view.x += (after.left + after.right) / 2 - x;
  view.y += after.top - y;
  sceneChanged();
}

function toggleAll() {
  if (scene.opened.size) scene.closeAll();
  else scene.openAll();
  sceneChanged();
  view.fit(scene);
}

function setTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  painter.readColours();
  minimap.rebuild(scene);
  details.show(state.selected);
  redraw();
}

let following = false;
function remember() {
  if (following) return;
  const parts = [];
  if (state.selected) parts.push(`node=${state.selected.path}`);
  if (search.input.value) parts.push(`search=${encodeURIComponent(search.input.value)}`);
  const hash = parts.length ? `#${parts.join("&")}` : location.pathname;
  try {
    history.replaceState(null, "", hash);
  } catch {
    // Where a page may not change its address, links are not offered.
  }
}

function follow() {
  const entries = location.hash.slice(1).split("&").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]);
  const wanted = new Map(entries);
  following = true;
  if (wanted.has("theme")) setTheme(wanted.get("theme") === "dark");
  if (wanted.has("open")) {
    if (wanted.get("open") === "all") scene.openAll();
    else wanted.get("open").split(",").forEach((path) => (scene.reveal(path), scene.opened.add(path)));
    scene.rebuild();
    sceneChanged();
    if (wanted.get("open") === "all") view.fit(scene);
    else view.show(scene.byPath.get(wanted.get("open").split(",")[0]) ?? scene.boxes[0]);
  }
  if (wanted.has("search")) {
    let text = wanted.get("search");
    try {
      text = decodeURIComponent(text);
    } catch {
      // A stray % is searched for as it stands.
    }
    search.run(text);
  }
  if (wanted.has("node")) select(wanted.get("node"));
  following = false;
}

function walk(key) {
  const item = state.selected;
  if (!item) return select(scene.boxes[0]?.path ?? null);
  const middle = (other) => (other.left + other.right) / 2;
  let target;
  if (key === "ArrowUp") target = item.into[0]?.from;
  if (key === "ArrowDown") target = item.outof[0]?.to;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const sign = key === "ArrowLeft" ? -1 : 1;
    for (const other of scene.boxes)
      if (other.graph === item.graph && other.parent === item.parent && other.box.l === item.box.l && (middle(other) - middle(item)) * sign > 0)
        if (!target || (middle(other) - middle(target)) * sign < 0) target = other;
  }
  if (target) select(target.path);
}

const keys = {
  "/": () => search.input.focus(),
  f: () => view.fit(scene),
  "1": () => view.zoomTo(1),
  "+": () => view.zoomTo(view.scale * 1.25),
  "=": () => view.zoomTo(view.scale * 1.25),
  "-": () => view.zoomTo(view.scale / 1.25),
  n: toggleAll,
  d: () => setTheme(!isDark()),
  "?": () => byId("help").showModal(),
  Enter: () => state.selected && toggle(state.selected),
  Escape: () => (search.input.value ? search.run("") : select(null)),
};
for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) keys[key] = () => walk(key);

document.addEventListener("keydown", (event) => {
  if (event.target === search.input || event.target.tagName === "BUTTON" && event.key === "Enter" || byId("help").open) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") {
    event.preventDefault();
    search.input.select();
    return search.input.focus();
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

view.listen({
  click(x, y) {
    view.canvas.focus();
    const item = scene.at(...view.toScene(x, y));
    const [sceneX, sceneY] = view.toScene(x, y);
    if (item?.box.graphs && sceneX > item.right - 28 && sceneY < item.top + HEADER) return toggle(item);
    state.selected = item;
    details.show(item);
    remember();
    redraw();
  },
  doubleClick(x, y) {
    const item = scene.at(...view.toScene(x, y));
    if (item) toggle(item);
  },
  hover(x, y) {
    const item = scene.at(...view.toScene(x, y));
    view.canvas.classList.toggle("over", Boolean(item));
    const hint = byId("hint");
    hint.hidden = !item || item.open || !item.box.name;
    if (!hint.hidden) {
      hint.textContent = item.box.name;
      hint.style.left = `${Math.min(x + 14, view.width - 440)}px`;
      hint.style.top = `${y + 18}px`;
    }
    if (item === state.hovered) return;
    state.hovered = item;
    redraw();
  },
});
window.addEventListener("resize", () => {
  view.resize();
  minimap.rebuild(scene);
});
window.addEventListener("hashchange", follow);
byId("fit").onclick = () => view.fit(scene);
byId("zoom").onclick = () => view.zoomTo(1);
byId("zoom-in").onclick = keys["+"];
byId("zoom-out").onclick = keys["-"];
byId("nested").onclick = toggleAll;
byId("theme").onclick = keys.d;
byId("keys").onclick = keys["?"];
byId("help").onclick = () => byId("help").close();
byId("help").append(element("dl", {}, ...HELP.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)])));
byId("nested").hidden = !model.graphs[0].boxes.some((box) => box.graphs);
byId("title").textContent = model.name || "Model";
byId("subtitle").textContent = model.summary;

setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
if (scene.boxes.length) view.begin(scene);
follow();
paint();
document.body.dataset.ready = String(Math.round(performance.now()));
