// The card of a region: what its webhook is, set it up, replay.
import { ask, trace } from "./ask.js";
import { problemText } from "./advice.js";
import { button, capital, h, moveFocus, setText, show, uid } from "./dom.js";
import { isLive } from "./feed.js";
import { jobView } from "./job.js";
import { setup } from "./setup.js";
import { tabs } from "./tabs.js";

export function badge() {
	const node = h("span.badge");
	return {
		node,
		set(word, text = capital(word)) {
			node.dataset.word = word;
			setText(node, text);
			show(node, text !== "");
		},
	};
}

// frame is a card's outside: its title with a badge, a line about it, what else is in its head, and what is below.
export function frame(region, title, aside, ...content) {
	const id = uid("region");
	const mark = badge();
	const where = h("p.where.muted");
	const node = h("section.card", { id: `card-${region}`, "aria-labelledby": id, data: { region, status: "loading" } },
		h("div.head", h("div.title", h("div.row", h("h2", { id, tabindex: "-1" }, title), mark.node), where), aside), ...content);
	return { node, mark, where };
}

export function card(region, feed, hook) {
	const trouble = h("div.note.bad");
	const form = setup({ region, title: region, hook });
	const toSetup = () => pages.open("Setup", true);
	const replay = replaying({ region, title: region, feed, hooks: [hook], hook, setup: toSetup });
	let settled = false;
	const pages = tabs(`Region ${region}`, [{ name: "Setup", node: form.node }, { name: "Replay", node: replay.node }], (name) => (name === "Replay" ? replay.fresh() : settled && hook.read()));
	const { node, mark, where } = frame(region, region, pages.list, trouble, ...pages.panels);
	let ran = false;

	function update() {
		node.dataset.status = hook.word;
		const live = isLive(feed.job(region));
		if (ran && !live) hook.read(); // a 410 turned it off, or its receiver answers otherwise now
		ran = live;
		mark.set(hook.word, { loading: "", unknown: "Unknown" }[hook.word]);
		setText(where, hook.configured ? hook.config.endpoint : hook.config ? "No endpoint yet" : "");
		if (!settled && hook.status && hook.config) {
			pages.open(hook.word === "unconfigured" ? "Setup" : "Replay");
			settled = true; // from here on the person chooses
		}
		failed(trouble, hook);
		form.update();
		replay.update();
	}
	pages.open("Replay");
	hook.addEventListener("change", update);
	feed.addEventListener("change", update);
	return { node, update, fresh: replay.fresh };
}

function failed(node, hook) {
	show(node, hook.problem !== null && hook.problem.kind !== "network");
	const key = hook.problem ? problemText(hook.problem) : "";
	if (node.dataset.key === key) return;
	moveFocus(node, node.parentElement.querySelector("h2"));
	node.dataset.key = key;
	node.replaceChildren(...(hook.problem ? [
		h("p", h("strong", "The webhook could not be read. "), problemText(hook.problem)),
		trace(hook.problem), button("Try again", "link", () => hook.read())] : []));
}

export function replaying({ region, title, feed, hooks, hook, setup: toSetup }) {
	const view = jobView({ region, title, feed, hook, setup: toSetup, again: (start, end) => form.again(start, end) });
	const form = ask({ region, title, feed, hooks, setup: toSetup, cancel: () => view.cancel() });
	return {
		node: h("div.halves", form.node, view.node),
		update() {
			form.update();
			view.update();
		},
		fresh: () => form.fresh(),
	};
}
