// The card of all regions: each at a glance, and one replay for them all.
import { badge, frame, replaying } from "./card.js";
import { capital, h, number, setText, show } from "./dom.js";
import { wordOf } from "./job.js";
import { portion } from "./pace.js";

// overview has a row a region; link(region) is where its card, or its page, is.
export function overview(feed, hooks, link) {
	const rows = [...feed.jobs.keys()].map((region) => row(region, hooks.find((k) => k.region === region), link(region)));
	const table = h("table.regions",
		h("caption.sr", "Regions"),
		h("thead", h("tr", ...["Region", "Webhook", "Replay", "Entries", "Done"].map((name, n) => h(n > 2 ? "th.right" : "th", { scope: "col" }, name)))),
		h("tbody", ...rows.map((r) => r.node)));
	const replay = replaying({ region: "global", title: "All regions", feed, hooks, hook: null, setup: null });
	const { node, mark, where } = frame("global", "All regions", null, h("div.glance", table), h("div.panel", replay.node));

	show(where, false); // the table says it

	function update() {
		const status = feed.all?.status ?? "loading";
		node.dataset.status = status;
		mark.set(wordOf(feed.all).toLowerCase(), status === "unconfigured" ? "No replay yet" : wordOf(feed.all));
		for (const r of rows) r.update(feed.job(r.region));
		replay.update();
	}
	feed.addEventListener("change", update);
	for (const hook of hooks) hook.addEventListener("change", update);
	return { node, update, fresh: replay.fresh };
}

function row(region, hook, href) {
	const mark = badge();
	const status = h("td");
	const entries = h("td.right");
	const bar = h("span.mini", { "aria-hidden": "true" });
	const far = h("span");
	const node = h("tr", h("th", { scope: "row" }, h("a", { href }, region)), h("td", mark.node), status, entries, h("td.right", bar, far));
	return {
		node, region,
		update(job) {
			mark.set(hook?.word ?? "loading", hook ? { loading: "–", unknown: "Unknown" }[hook.word] ?? capital(hook.word) : "–");
			setText(status, wordOf(job));
			const part = portion(job);
			const there = job && job.status !== "unconfigured";
			setText(entries, there && job.progress ? number(job.progress.entries) : "–");
			setText(far, there && part !== null ? `${Math.floor(part * 100)} %` : "–");
			show(bar, Boolean(there && part !== null));
			bar.style.setProperty("--part", String(part ?? 0));
		},
	};
}
