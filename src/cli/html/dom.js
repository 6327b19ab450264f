// Texts of the model reach the page as text nodes only: nothing in a model is ever read as HTML.

function byId(id) {
  return document.getElementById(id);
}

// element("p.muted", {title: "..."}, "text", otherElement)
function element(kind, properties, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties ?? {}))
    if (name === "colour") made.style.background = value;
    else made[name] = value;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function countText(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many ?? one + "s"}`;
}

function bytesText(bytes) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let size = bytes;
  for (; size >= 1000 && unit + 1 < units.length; ++unit) size /= 1000;
  return `${unit ? size.toPrecision(3) : size} ${units[unit]}`;
}
