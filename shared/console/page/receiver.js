// What the receiver says: to a test entry, and to what was sent last.
import * as api from "./api.js";
import { problemText } from "./advice.js";
import { button, capital, h, number, once, setText, show } from "./dom.js";
import { trace } from "./ask.js";
import { ago, fields, parse } from "./time.js";

export function receiver({ region, title, hook, dirty: changed }) {
	const send = button("Send test entry", "plain", () => act());
	const unsaved = h("p.hint", "It goes to what is saved, not to your changes.");
	const result = h("div.result", { role: "status" });
	const last = h("p");
	const when = h("p.hint");
	const node = h("div.receiver.stack", { role: "group", "aria-label": `Receiver, ${title}` },
		h("div", h("h3", "Test"), h("p.hint", "Sends one signed entry, named Reprise.Test, whether the webhook is enabled or not.")),
		h("div", send), unsaved, result,
		h("div.last", h("h3", "Last attempt"), last, when));

	const act = once(send, "Waiting for the receiver…", async () => {
		result.replaceChildren();
		try {
			came(await api.test(region));
		} catch (p) {
			if (p.kind === "aborted") return;
			const text = p.status === 429 ? "Another test of this webhook is under way. Try again in a moment." : problemText(p);
			result.replaceChildren(h("p.error", text), p.status >= 500 ? trace(p) : "");
		}
		hook.read();
	});

	function came(answer) {
		const code = answer.response_code;
		const good = code >= 200 && code < 300;
		const took = answer.duration_ms === undefined ? null : `${number(answer.duration_ms)} ms`;
		const head = code === undefined ? "No answer" : `${code} ${answer.response_message ?? ""}`.trim();
		const text = code === undefined ? capital(answer.reason ?? "") : good ? "The receiver took the entry." : "The receiver did not take the entry.";
		result.replaceChildren(h(good ? "div.note.good" : "div.note.bad",
			h("p.row.between", h("strong", head), took ? h("span.muted", took) : null), h("p", text)));
	}

	function dirty() {
		show(unsaved, changed());
	}

	function update() {
		const s = hook.status;
		const at = s && parse(s.last_attempt_at ?? "");
		setText(last, !s ? "–" : !at ? "Nothing was sent yet." : [s.last_response_code, s.last_response_message].filter(Boolean).join(" ") || "No answer");
		const { date, time } = fields(at || 0);
		setText(when, at ? `${date} ${time}, ${ago(at, api.now())}` : "");
	}
	return { node, update, dirty, forget: () => result.replaceChildren() };
}
