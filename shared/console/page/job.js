// A replay as it is: its state, how it gets on, why it failed; to cancel it, to send it again.
import * as api from "./api.js";
import { advise, problemText } from "./advice.js";
import { chart, figures } from "./chart.js";
import { clocks } from "./clocks.js";
import { button, capital, count, h, moveFocus, once, say, setText, show, uid } from "./dom.js";
import { isLive } from "./feed.js";
import { Pace, partsOf, whole } from "./pace.js";
import { WEEK, ago, parse, spoken, zone } from "./time.js";

const STALL = 5000; // without an entry acknowledged: what does the receiver say?
const SPEAK = 10_000; // between two readings aloud of the progress

// wordOf is a job's status for people; a job that somebody cancelled did not fail by itself.
export function wordOf(job) {
	if (!job || job.status === "unconfigured") return "None yet";
	const failed = job.status === "failed" ? partsOf(job).filter((j) => j.failure) : [];
	return failed.length && failed.every((j) => j.failure.code === "cancelled") ? "Cancelled" : capital(job.status);
}

// again(start, end) sends a range, setup() opens the tab.
export function jobView({ region, title, feed, hook, again, setup }) {
	const pace = new Pace();
	const reload = button("Reload", "quiet small", () => renew());
	const renew = once(reload, "Reloading…", () => Promise.all([feed.read(), hook?.read()]));
	const dot = h("span.dot", { "aria-hidden": "true" });
	const word = h("strong");
	const by = h("span.muted");
	const state = h("p.row", dot, word, by);
	const numbers = figures();
	const slices = chart(`Progress of the replay, ${title}`);
	const caption = h("p.hint.caption");
	const stall = h("p.note");
	const failure = h("div.failure");
	const live = h("div.stack.tight", { data: { part: "progress" } }, numbers.node, slices.node, caption, stall);
	const status = h("td", { colspan: zone() === "UTC" ? null : "2" });
	const times = clocks(["Starts at", "Ends at", "Updated at"], `Latest replay, ${title}`, h("tr", h("th", { scope: "row" }, "Status"), status));
	const stop = cancelling(region, title, feed);
	const resend = resending(again);
	const none = h("div.none", h("p", "No replay yet."), h("p.hint", "Choose a range and send it. You can watch it arrive here."));
	const headId = uid("job");
	const node = h("div.job.stack", { role: "group", "aria-labelledby": headId },
		h("div.row.between", h("h3", { id: headId }, "Latest replay"), reload),
		none, state, live, failure, times.node, stop.node, resend.node);
	const spoke = { status: "", at: 0 };
	let asked = 0;

	function update() {
		const job = feed.job(region);
		if (!job) return;
		const there = job.status !== "unconfigured";
		const on = isLive(job);
		node.dataset.job = wordOf(job).toLowerCase();
		show(none, !there);
		for (const part of [state, times.node]) show(part, there);
		setText(word, wordOf(job));
		setText(by, job.requested_by ? `asked for by ${job.requested_by}` : "");
		show(live, there && Boolean(job.progress));
		if (there && job.progress) progress(job, on);
		setText(status, wordOf(job));
		times.set([parse(job.start_at), parse(job.end_at), parse(job.updated_at)]);
		explain(failure, job, setup);
		stop.update(on ? partsOf(job).map((j) => j.job_id).join() : "", reload);
		resend.update(there && !on ? job : null, reload);
	}

	function progress(job, on) {
		const parts = partsOf(job);
		const sum = sums(parts);
		const at = Date.now();
		pace.push(parts.map((j) => j.job_id).join(), sum.entries, at);
		const { part, left } = whole(job);
		numbers.update(job, { on, part, sum, rate: pace.rate, left: on && pace.rate > 0 ? (left / pace.rate) * 1000 : null });
		const done = sum.total ? `${sum.done} of ${count(sum.total, "slice")} done` : on ? "Planning the slices" : "";
		setText(caption, done);
		const words = `${count(sum.entries, "entry", "entries")} acknowledged`;
		slices.update(job, part, [wordOf(job), words, done].filter(Boolean).join(", "));
		speak(job, part, words, at);
		wait(job, at);
	}

	function speak(job, part, words, at) {
		if (spoke.status && job.status !== spoke.status) {
			say(`${title}: replay ${wordOf(job).toLowerCase()}, ${words}${job.failure ? `. ${advise(job.failure).title}` : ""}`);
			spoke.at = at;
		} else if (job.status === "running" && part !== null && at - spoke.at >= SPEAK && (region === "global" || partsOf(feed.all).length < 2)) {
			say(`${title}: ${Math.floor(part * 100)} percent, ${words}`);
			spoke.at = at;
		}
		spoke.status = job.status;
	}

	// While nothing is acknowledged, the receiver's last answer says why. Only one region has one receiver.
	function wait(job, at) {
		const still = hook !== null && job.status === "running" && at - pace.moved >= STALL;
		show(stall, still);
		if (!still) return;
		if (at - asked >= STALL) {
			asked = at;
			hook.read(false);
		}
		setText(stall, waiting(hook.status, at - pace.moved));
	}

	return { node, update, cancel: stop.open };
}

function waiting(status, still) {
	const code = status?.last_response_code;
	const text = [code, status?.last_response_message].filter(Boolean).join(" ");
	const said = text && `\u2068${text}\u2069`; // whatever the direction it is written in, the sentence around it keeps its own
	const since = `Nothing was acknowledged for ${spoken(still)}. The receiver`;
	if (code >= 200 && code < 300) return `${since} is slow: its last answer was ${said}.`;
	const how = code ? `answers ${said}, ${ago(Date.parse(status.last_attempt_at), api.now())}` : said ? `cannot be reached: ${said}` : "has not answered yet";
	return `${since} ${how}. Each batch is tried again.`;
}

function sums(parts) {
	const sum = (key) => parts.reduce((n, { progress }) => n + (progress?.[key] ?? 0), 0);
	return { entries: sum("entries"), batches: sum("batches"), bytes: sum("bytes"), total: sum("slices_total"), done: sum("slices_completed") };
}

function explain(node, job, setup) {
	const parts = job.status === "failed" ? partsOf(job) : [];
	const all = Object.entries(job.regions ?? { "": job }).filter(([, j]) => j.failure && parts.includes(j));
	const key = JSON.stringify(all.map(([r, j]) => [r, j.failure]));
	show(node, all.length > 0);
	if (node.dataset.key === key) return;
	node.dataset.key = key;
	node.replaceChildren(...all.map(([region, { failure }]) => {
		const { title, what } = advise(failure);
		const fix = setup && !["cancelled", "undeliverable", "expired"].includes(failure.code);
		return h(failure.code === "cancelled" ? "div.note" : "div.note.bad",
			h("p", h("strong", region ? `${region}: ${title}` : title)),
			h("p.hint", capital(failure.detail)), h("p", what),
			fix ? button("Open Setup", "link", setup) : null);
	}));
}

// cancelling asks once more, in place.
function cancelling(region, title, feed) {
	const first = button("Cancel replay", "danger-quiet", () => ask(true));
	const yes = button("Yes, cancel it", "danger", () => act());
	const no = button("Keep it running", "quiet", () => ask(false));
	const text = h("p", `Stop ${region === "global" ? "the replays of all regions" : "this replay"}? What was acknowledged stays where it is.`);
	const sure = h("div.confirm", { role: "group", "aria-label": "Cancel replay?" }, text, h("div.row", yes, no));
	const wrong = h("p.error", { role: "status" });
	const node = h("div.stack.tight", h("div", first), sure, wrong);
	let asked = "";
	sure.addEventListener("keydown", (e) => e.key === "Escape" && ask(false));

	function ask(on, focus = true) {
		show(sure, on);
		show(first, !on);
		if (focus) (on ? yes : first).focus();
	}

	const act = once(yes, "Cancelling…", async () => {
		setText(wrong, "");
		try {
			await api.cancel(region);
		} catch (p) {
			if (p.kind === "aborted") return;
			if (p.status === 404) say(`${title}: the replay had ended already`);
			else setText(wrong, `It was not cancelled. ${problemText(p)}`);
		}
		await feed.read();
	});

	ask(false, false);
	return {
		node,
		open: () => ask(true),
		// of is the jobs that there are to cancel. What was asked of others is asked anew.
		update(of, next) {
			if (!of) moveFocus(node, next);
			else if (of !== asked) moveFocus(sure, next);
			show(node, of !== "");
			if (of !== asked) ask(false, false);
			asked = of;
		},
	};
}

// resending offers the range of the last replay, as long as it can be asked for.
function resending(again) {
	const send = button("Send again", "plain", () => again(range.start, range.end));
	const why = h("p.hint");
	const node = h("div", send, why);
	let range = null;

	function update(job, next) {
		if (!job) moveFocus(node, next);
		show(node, job !== null);
		if (!job) return;
		range = { start: parse(job.start_at), end: parse(job.end_at) };
		const differ = Object.values(job.regions ?? {}).some((j) => j.status !== "unconfigured" && (j.start_at !== job.start_at || j.end_at !== job.end_at));
		const text = range.start < api.now() - WEEK ? "It cannot be sent again: its range starts more than seven days ago." : differ ? "The regions' last replays had different ranges. Send each again in its own card." : "";
		show(send, !text);
		setText(why, text);
	}
	return { node, update };
}
