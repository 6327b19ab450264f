// Texts of the run reach the page as text nodes only: nothing in a name is ever read as HTML.

function byId(id) {
  return document.getElementById(id);
}

// element("p.muted", {title: "..."}, "text", otherElement)
function element(kind, properties, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties ?? {}))
    if (name.includes("-")) made.setAttribute(name, value);
    else if (name === "style") Object.assign(made.style, value);
    else made[name] = value;
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const hint = {
  show(text, x, y) {
    const box = byId("hint");
    box.textContent = text;
    box.hidden = false;
    box.style.left = `${Math.max(6, Math.min(x + 14, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${y + 18 + box.offsetHeight > innerHeight ? y - box.offsetHeight - 10 : y + 18}px`;
  },
  hide() {
    byId("hint").hidden = true;
  },
};
