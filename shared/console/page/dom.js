// Elements without a framework. Nothing here reads text as HTML: the policy of the page forbids it.

// h makes an element. Of props: class, text, on (listeners), data, aria; true and false set and leave out an attribute.
export function h(name, props = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else if (key === "on") for (const [type, act] of Object.entries(value)) node.addEventListener(type, act);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "aria") for (const [k, v] of Object.entries(value)) node.setAttribute(`aria-${k}`, v);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

// setText leaves a text that is the same alone: a live region would say it again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, yes) {
  if (node.hidden === yes) node.hidden = !yes;
}

export function setAttr(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

let last = 0;

// uid is an id that no other element of the page has.
export function uid(what) {
  return `${what}-${++last}`;
}

export function button(text, kind, act, props = {}) {
  return h("button", { type: "button", class: `button ${kind}`, text, on: { click: act }, ...props });
}

// busy marks a button whose work is under way. It keeps the focus, which a disabled one would lose.
export function busy(node, yes, text) {
  setAttr(node, "aria-disabled", yes ? "true" : null);
  node.classList.toggle("busy", yes);
  if (text) setText(node, text);
}

let live;

// say has a screen reader speak once it has nothing else to say.
export function say(text) {
  live ??= document.getElementById("live");
  live.textContent = "";
  requestAnimationFrame(() => (live.textContent = text));
}

const numbers = new Intl.NumberFormat("en");

export function number(n) {
  return numbers.format(n);
}

export function count(n, one, many = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

const units = ["B", "KB", "MB", "GB", "TB"];

export function size(bytes) {
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${n < 10 && unit > 0 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : "";
}
