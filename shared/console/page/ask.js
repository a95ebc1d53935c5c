// To ask for a replay: the range, what it comes to, the sending.
import * as api from "./api.js";
import { problemText } from "./advice.js";
import { button, count, h, ledger, moveFocus, number, once, say, setAttr, setText, show, size, uid } from "./dom.js";
import { isLive } from "./feed.js";
import { whole } from "./pace.js";
import { range } from "./range.js";
import { SECOND, spoken, wire } from "./time.js";

const NOWHERE = "No region has a webhook that is enabled.";
const PAUSE = 250; // of the choosing, before an estimate is asked for

// ask is about a region or all of them; cancel() asks whether to cancel the running replay.
export function ask({ region, title, feed, hooks, setup, cancel }) {
	const choice = range(() => estimate.soon());
	const estimate = estimating(region, choice);
	const send = button("Send Replay", "primary", () => put());
	const aside = h("p.hint", { id: uid("aside") });
	const answer = h("div.answer", { role: "status" });
	const off = h("div.note", h("p", "The webhook is not enabled, so there is nowhere to send to."), button("Open Setup", "link", setup));
	setAttr(send, "aria-describedby", aside.id);
	const node = h("div.ask.stack", { role: "group", "aria-label": `Ask for a replay, ${title}` },
		choice.node, estimate.node, off, h("div.row", send, aside), answer);
	const running = h("span");

	// put sends the range chosen, or the one given. Twice pressed is once sent.
	const put = once(send, "Sending…", async (given) => {
		const w = given ?? choice.window();
		if (!given) choice.show(w); // it may have been chosen long ago
		if (w.wrong) return tell("error", w.wrong);
		tell("", "");
		try {
			const job = await api.send(region, wire(w.start), wire(w.end));
			say(`${title}: replay accepted`);
			feed.sent(region, job);
		} catch (p) {
			if (p.kind === "aborted") return;
			await refused(p);
		}
	});

	async function refused(p) {
		if (p.status === 409) {
			await feed.read();
			return isLive(feed.job(region)) ? conflict() : tell("error", "A replay was in the way. It has ended by now: send yours again.");
		}
		const hook = p.invalid.find((v) => v.field === "webhook");
		if (hook) {
			hooks.forEach((one) => one.read());
			return tell("error", setup ? "The webhook is not enabled." : NOWHERE, setup && button("Open Setup", "link", setup));
		}
		if (p.invalid.length) return tell("error", p.invalid.map((v) => `The ${v.field.replace("_at", "")} ${v.reason}.`).join(" "));
		const unsure = p.kind === "network" || p.kind === "timeout";
		tell("error", unsure ? `${problemText(p)} It may have been accepted all the same: look at the latest replay before you send again.` : `It was not sent. ${problemText(p)}`, trace(p));
		if (unsure) feed.read();
	}

	function conflict() {
		const stop = () => {
			tell("", "");
			cancel();
		};
		answer.dataset.kind = "conflict";
		answer.replaceChildren(h("div.conflict",
			h("p", h("strong", "A replay is running. "), running),
			h("p", "Only one can run at a time. Wait for it, or cancel it."),
			h("div.row", button("Cancel it…", "danger-quiet small", stop))));
	}

	function progress(job) {
		const { part } = whole(job);
		const where = Object.entries(job?.regions ?? {}).filter(([, j]) => j.status === "running").map(([name]) => name).join(", ");
		setText(running, [where && `In ${where}`, part !== null && `${Math.floor(part * 100)} % done`].filter(Boolean).join(", "));
	}

	function tell(kind, text, ...more) {
		answer.dataset.kind = kind;
		moveFocus(answer, send);
		answer.replaceChildren(...(text ? [h(`p.${kind}`, text), ...more.filter(Boolean)] : []));
	}

	function update() {
		const job = feed.job(region);
		const known = hooks.filter((k) => k.config);
		const on = known.filter((k) => k.config.enabled);
		const dead = region !== "global" && known.length > 0 && on.length === 0;
		show(off, dead);
		show(send.parentElement, !dead);
		setText(aside, where(job, on, known));
		progress(job);
		if (answer.dataset.kind === "conflict" && !isLive(job)) tell("", "");
	}

	function where(job, on, known) {
		if (job?.status === "accepted" || job?.status === "pending") return "Replaces the one that has not started yet.";
		if (region !== "global" || known.length < hooks.length) return "";
		if (!on.length) return NOWHERE;
		return on.length === known.length ? "Goes to every region, or to none." : `Goes to ${on.map((k) => k.region).join(", ")}. The others are not enabled.`;
	}

	return { node, update, again: (start, end) => put({ start, end }), fresh: () => estimate.soon() };
}

export function trace(p) {
	return p.trace && h("p.hint", "Trace id ", h("code", p.trace));
}

// estimating says what the range chosen comes to; of several requests the last one counts.
function estimating(region, choice) {
	const list = ledger(["Entries", "Size", "Requests", "Time"], "estimate");
	const words = h("p.hint", { role: "status" });
	const retry = button("Estimate again", "plain small", () => soon());
	const node = h("div.stack.tight", { data: { part: "estimate" } }, list.node, words, retry);
	let timer = 0;
	let running = null;
	show(retry, false);

	function put(e) {
		list.set(e ? [number(e.entries), size(e.bytes), number(e.requests), e.entries ? `about ${spoken(e.seconds * SECOND)}` : "–"] : []);
	}

	function soon() {
		clearTimeout(timer);
		running?.abort();
		const w = choice.window();
		choice.show(w);
		node.dataset.state = w.wrong ? "wrong" : "loading";
		if (w.wrong) {
			put(null);
			enough();
			setText(words, "No estimate without a valid range.");
			return;
		}
		timer = setTimeout(load, PAUSE);
	}

	function enough() {
		moveFocus(retry, retry.closest(".ask").querySelector(".primary"));
		show(retry, false);
	}

	async function load() {
		const mine = (running = new AbortController());
		const w = choice.window();
		try {
			const e = await api.estimate(region, wire(w.start), wire(w.end), mine.signal);
			if (mine !== running || mine.signal.aborted) return;
			node.dataset.state = e.entries ? "ready" : "empty";
			put(e);
			enough();
			setText(words, e.entries ? `At most ${count(e.entries, "entry", "entries")}, as hours are counted whole.` : "There is nothing in this range. A replay of it ends at once.");
		} catch (p) {
			if (p.kind === "aborted" || mine !== running) return;
			node.dataset.state = "error";
			put(null);
			setText(words, `No estimate. ${problemText(p)}`);
			show(retry, true);
		}
	}
	return { node, soon };
}
