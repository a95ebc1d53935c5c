// Elements without a framework. Nothing here reads text as HTML: the policy of the page forbids it.

// h makes an element of "name.class.class". Of props, functions listen, true and false set and leave out an attribute; data is
// the dataset. Children follow, texts among them; props may be left out.
export function h(what, props, ...children) {
	const [name, ...classes] = what.split(".");
	const node = document.createElement(name);
	if (classes.length) node.className = classes.join(" ");
	if (props === null || typeof props !== "object" || props instanceof Node) {
		children.unshift(props);
		props = {};
	}
	for (const [key, value] of Object.entries(props)) {
		if (typeof value === "function") node.addEventListener(key.slice(2), value);
		else if (key === "data") Object.assign(node.dataset, value);
		else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
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

export function uid(what) {
	return `${what}-${++last}`;
}

export function button(text, kind, act, props = {}) {
	return h(`button.button.${kind.replace(" ", ".")}`, { type: "button", onclick: act, ...props }, text);
}

// once is work that is not begun twice. Its button says so meanwhile and keeps the focus, which a disabled one would lose.
export function once(node, text, work) {
	let working = false;
	const name = node.textContent;
	return async (...args) => {
		if (working) return;
		const mark = (yes) => {
			working = yes;
			setAttr(node, "aria-disabled", yes ? "true" : null);
			node.classList.toggle("busy", yes);
			setText(node, yes ? text : name);
		};
		mark(true);
		try {
			await work(...args);
		} catch (err) {
			if (err.kind !== "aborted") throw err;
		} finally {
			mark(false);
		}
	};
}

// moveFocus is for what goes away: where the focus is lost, the next Tab starts at the top of the page.
export function moveFocus(from, to) {
	if (from.contains(document.activeElement)) to?.focus();
}

let unsaid = [];

// say has a screen reader speak once it has nothing else to say; what comes at once is said together.
export function say(text) {
	const live = document.getElementById("live");
	live.textContent = "";
	if (unsaid.push(text) > 1) return;
	requestAnimationFrame(() => {
		live.textContent = unsaid.join(". ");
		unsaid = [];
	});
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

export function ledger(names, kind) {
	const items = names.map((name) => ({ name: h("dt", name), value: h("dd", "–") }));
	return {
		node: h(`dl.${kind}`, ...items.map((i) => h("div", i.name, i.value))),
		set: (values) => items.forEach((i, n) => setText(i.value, values[n] ?? "–")),
		call: (all) => items.forEach((i, n) => setText(i.name, all[n])),
	};
}
