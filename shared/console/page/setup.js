// The webhook of a region: to see, change and try it.
import * as api from "./api.js";
import { problemText } from "./advice.js";
import { button, capital, h, once, setAttr, setText, show, uid } from "./dom.js";
import { trace } from "./ask.js";
import { receiver } from "./receiver.js";

const FORMATS = [
	["cef", "Common Event Format, one line an entry: what most SIEMs read."],
	["json", "One JSON object a line, signed as it was stored."],
	["cps", "The JSON object inside {\"event\": …}, as HTTP event collectors take it."],
];

const NAMES = { endpoint: "Endpoint", authorization: "Authorization header", log_format: "Log format", skip_ssl_verification: "Skip TLS certificate verification", enabled: "Enabled" };

export function setup({ region, title, hook }) {
	const endpoint = textField("Endpoint", "url", "The https address that entries are sent to.", { placeholder: "https://siem.example.com/audit", spellcheck: "false", autocapitalize: "none" });
	const secret = secretField(() => told());
	const format = formatField(() => told());
	const skip = h("input.check", { type: "checkbox", id: uid("skip") });
	const danger = h("p.hint", { id: uid("danger") });
	const skipError = h("p.error", { id: uid("error") });
	const on = h("input.switch", { type: "checkbox", role: "switch", id: uid("on") });
	const onError = h("p.error", { id: uid("error") });
	setAttr(skip, "aria-describedby", `${danger.id} ${skipError.id}`);
	setAttr(on, "aria-describedby", onError.id);
	const save = h("button.button.primary", { type: "submit" }, "Save");
	const changed = h("p.hint");
	const answer = h("div.answer", { role: "status" });
	const form = h("form.stack", { novalidate: true, method: "post", "aria-label": `Webhook, ${title}`, onsubmit: submit },
		endpoint.node, secret.node, format.node,
		h("div.option", skip, h("div", h("label", { for: skip.id }, "Skip TLS certificate verification"), danger, skipError)),
		h("div.option", on, h("div", h("label", { for: on.id }, "Enabled"), h("p.hint", "A replay needs it. While off, nothing is sent."), onError)),
		h("div.row.foot", save, changed), answer);
	const test = receiver({ region, title, hook, dirty: () => Object.keys(patch()).length > 0 });
	const node = h("div.halves", form, test.node);
	let base = null;
	form.addEventListener("input", () => told());
	form.addEventListener("change", () => told());

	// patch is what differs from what is saved.
	function patch() {
		const p = {};
		if (!base) return p;
		const url = endpoint.input.value.trim();
		if (url !== base.endpoint) p.endpoint = url;
		if (secret.given()) p.authorization = secret.input.value;
		if (format.value() !== base.log_format) p.log_format = format.value();
		if (skip.checked !== base.skip_ssl_verification) p.skip_ssl_verification = skip.checked;
		if (on.checked !== base.enabled) p.enabled = on.checked;
		return p;
	}

	function told() {
		const names = Object.keys(patch());
		setText(changed, names.length ? `Not saved yet: ${names.map((n) => NAMES[n].toLowerCase()).join(", ")}` : "");
		setText(danger, skip.checked ? "Anybody on the way can read and change what is sent. For tests with a certificate of your own only." : "For a receiver whose certificate nobody signed.");
		danger.classList.toggle("warn", skip.checked);
		test.dirty();
	}

	function submit(e) {
		e.preventDefault();
		if (base) put();
	}

	const put = once(save, "Saving…", async () => {
		const p = patch();
		clear();
		if (!Object.keys(p).length) return tell("hint", "Nothing has changed.");
		try {
			const config = await api.save(region, p);
			tell("good", `Saved: ${Object.keys(p).map((n) => NAMES[n].toLowerCase()).join(", ")}.`);
			secret.reset();
			adopt(config, true);
			hook.saved(config, "authorization" in p);
		} catch (err) {
			if (err.kind !== "aborted") refused(err);
		}
	});

	function clear() {
		tell("", "");
		for (const f of [endpoint, secret, format]) f.wrong("");
		setText(skipError, "");
		setText(onError, "");
	}

	// refused shows each rule that was broken at its field, and what belongs to none below.
	function refused(p) {
		const fields = {
			endpoint, authorization: secret, log_format: format,
			skip_ssl_verification: { wrong: (t) => setText(skipError, t), focus: () => skip.focus() },
			enabled: { wrong: (t) => setText(onError, t), focus: () => on.focus() },
		};
		const here = p.invalid.filter((v) => v.field in fields);
		const rest = p.invalid.filter((v) => !(v.field in fields));
		for (const v of here) fields[v.field].wrong(`${NAMES[v.field]} ${v.reason}.`);
		if (here.length) {
			fields[here[0].field].focus();
			tell("error", "Not saved. See what is marked above.");
		} else {
			tell("error", `Not saved. ${rest.length ? `${capital(rest.map((v) => `${v.field} ${v.reason}`).join("; "))}.` : problemText(p)}`, p.trace && !rest.length ? trace(p) : null);
		}
	}

	function tell(kind, text, more) {
		answer.replaceChildren(...(text ? [h(`p.${kind}`, text), more].filter(Boolean) : []));
	}

	// adopt shows what is saved, except where somebody is changing it; all means after a save.
	function adopt(config, all) {
		const next = { ...config, endpoint: config.endpoint === "unconfigured" ? "" : config.endpoint };
		const old = base;
		const keep = (now, key) => !all && old && now !== old[key];
		if (!keep(endpoint.input.value.trim(), "endpoint")) endpoint.input.value = next.endpoint;
		if (!keep(format.value(), "log_format")) format.set(next.log_format);
		if (!keep(skip.checked, "skip_ssl_verification")) skip.checked = next.skip_ssl_verification;
		if (!keep(on.checked, "enabled")) on.checked = next.enabled;
		base = next;
		told();
	}

	function update() {
		if (hook.config) adopt(hook.config, false);
		secret.saved(hook.authorized, hook.configured);
		setAttr(form, "aria-busy", hook.config ? null : "true");
		test.update();
	}
	told();
	return { node, update };
}

function textField(label, type, hint, more) {
	const id = uid("field");
	const error = h("p.error", { id: `${id}-error` });
	const help = h("p.hint", { id: `${id}-hint` }, hint);
	const input = h("input.field", { type: "text", inputmode: type, id, autocomplete: "off", "aria-describedby": `${help.id} ${error.id}`, ...more });
	return {
		input, help,
		node: h("div.labelled", h("label", { for: id }, label), input, error, help),
		focus: () => input.focus(),
		wrong(text) {
			setText(error, text);
			setAttr(input, "aria-invalid", text ? "true" : null);
		},
	};
}

// secretField never shows what is saved: it says that there is something, and takes another.
function secretField(changed) {
	const field = textField("Authorization header", "text", "", { placeholder: "Bearer …", spellcheck: "false", autocapitalize: "none" });
	const { input, help } = field;
	const label = field.node.querySelector("label");
	const replace = button("Replace", "plain small", () => open(true), { "aria-label": "Replace the authorization header" });
	const keep = button("Keep the saved one", "link", () => { open(false); replace.focus(); });
	const kept = h("div.saved", h("span.tick", { "aria-hidden": "true" }), h("span", "Saved"), replace);
	const title = h("p.label", "Authorization header");
	field.node.insertBefore(title, input);
	field.node.insertBefore(kept, input);
	field.node.append(keep);
	let has = false;
	let opened = false;

	function open(yes) {
		opened = yes;
		input.value = "";
		field.wrong("");
		draw();
		changed();
		if (yes) input.focus();
	}

	function draw() {
		const shut = has && !opened;
		show(kept, shut);
		show(title, shut);
		for (const part of [input, label]) show(part, !shut);
		show(keep, has && opened);
	}

	draw();
	return {
		...field,
		given: () => input.value !== "",
		reset: () => { input.value = ""; opened = false; },
		focus: () => { if (has && !opened) open(true); input.focus(); },
		saved(yes, configured) {
			has = yes;
			setText(help, yes ? "Sent with every batch, as it is. Its value is never shown." : configured ? "Sent with every batch, as it is. If one was saved before, leave this empty to keep it." : "Sent with every batch, as it is. Write the scheme, too: Bearer, Splunk, Basic.");
			draw();
		},
	};
}

function formatField(changed) {
	const name = uid("format");
	const error = h("p.error", { id: uid("error") });
	const inputs = FORMATS.map(([value]) => h("input", { type: "radio", name, value, id: uid("f"), onchange: changed }));
	const node = h("fieldset.labelled.formats", { role: "radiogroup", "aria-describedby": error.id }, h("legend", "Log format"),
		...FORMATS.map(([value, text], n) => {
			const about = h("span.hint", { id: uid("about") }, text);
			setAttr(inputs[n], "aria-describedby", about.id);
			return h("div.format", inputs[n], h("label", { for: inputs[n].id }, value), about);
		}), error);
	return {
		node,
		value: () => inputs.find((i) => i.checked)?.value,
		set: (value) => inputs.forEach((i) => (i.checked = i.value === value)),
		focus: () => (inputs.find((i) => i.checked) ?? inputs[0]).focus(),
		wrong(text) {
			setText(error, text);
			setAttr(node, "aria-invalid", text ? "true" : null);
		},
	};
}
