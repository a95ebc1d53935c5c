// The webhook of a region: to see, change and try it.
import * as api from "./api.js";
import { problemText } from "./advice.js";
import { button, h, once, setAttr, setText, show, uid } from "./dom.js";
import { trace } from "./ask.js";
import { receiver } from "./receiver.js";

const FORMATS = [
	["cef", "Common Event Format, one line an entry: what most SIEMs read."],
	["json", "One JSON object a line, signed as it was stored."],
	["cps", "The JSON object inside {\"event\": …}, as HTTP event collectors take it."],
];

const NAMES = { endpoint: "Endpoint", authorization: "Authorization header", log_format: "Log format", skip_ssl_verification: "Skip TLS certificate verification", enabled: "Enabled" };

export function setup({ region, title, hook }) {
	const endpoint = textField("endpoint", "The https address that entries are sent to.", { inputmode: "url", placeholder: "https://siem.example.com/audit" });
	const secret = secretField(() => told());
	const format = formatField();
	const skip = option("skip_ssl_verification", "check");
	const on = option("enabled", "switch", { role: "switch" });
	setText(on.help, "A replay needs it. While off, nothing is sent.");
	const fields = { endpoint, authorization: secret, log_format: format, skip_ssl_verification: skip, enabled: on };
	const save = h("button.button.primary", { type: "submit" }, "Save");
	const changed = h("p.hint");
	const answer = h("div.answer", { role: "status" });
	const form = h("form.stack", { novalidate: true, method: "post", "aria-label": `Webhook, ${title}`, onsubmit: submit, oninput: () => told(), onchange: () => told() },
		...Object.values(fields).map((f) => f.node), h("div.row", save, changed), answer);
	const test = receiver({ region, title, hook, dirty: () => Object.keys(patch()).length > 0 });
	const node = h("div.halves", form, test.node);
	let base = null; // what is saved, as far as it was read

	function patch() {
		if (!base) return {};
		return Object.fromEntries(Object.entries(fields).map(([name, f]) => [name, f.get()]).filter(([name, value]) => value !== (base[name] ?? "")));
	}

	function told() {
		const names = Object.keys(patch());
		setText(changed, names.length ? `Not saved yet: ${names.map((n) => NAMES[n].toLowerCase()).join(", ")}` : "");
		setText(skip.help, skip.get() ? "Anybody on the way can read and change what is sent. For tests only." : "For a receiver whose certificate nobody signed.");
		skip.help.classList.toggle("warn", skip.get());
		test.dirty();
	}

	function submit(e) {
		e.preventDefault();
		if (base) put();
	}

	const put = once(save, "Saving…", async () => {
		const p = patch();
		tell("", "");
		for (const f of Object.values(fields)) f.wrong("");
		if (!Object.keys(p).length) return tell("hint", "Nothing has changed.");
		try {
			const config = await api.save(region, p);
			tell("good", `Saved: ${Object.keys(p).map((n) => NAMES[n].toLowerCase()).join(", ")}.`);
			if (secret.get() === (p.authorization ?? "")) secret.reset();
			test.forget(); // it was of what was there before
			adopt(config, p);
			hook.saved(config, "authorization" in p);
		} catch (err) {
			if (err.kind !== "aborted") refused(err);
		}
	});

	function refused(p) {
		const here = p.invalid.filter((v) => v.field in fields);
		for (const v of here) fields[v.field].wrong(`${NAMES[v.field]} ${v.reason}.`);
		if (here.length) {
			fields[here[0].field].focus();
			tell("error", "Not saved. See what is marked above.");
		} else {
			tell("error", `Not saved. ${problemText(p)}`, trace(p));
		}
	}

	function tell(kind, text, more) {
		answer.replaceChildren(...(text ? [h(`p.${kind}`, text), more].filter(Boolean) : []));
	}

	// adopt shows what is saved, except where somebody is changing it; sent is what was saved just now.
	function adopt(config, sent) {
		const old = base;
		base = { ...config, authorization: "", endpoint: config.endpoint === "unconfigured" ? "" : config.endpoint };
		for (const [name, f] of Object.entries(fields)) {
			if (name !== "authorization" && (!old || f.get() === old[name] || f.get() === sent[name])) f.set(base[name]);
		}
		told();
	}

	function update() {
		if (hook.config) adopt(hook.config, {});
		secret.saved(hook.authorized, hook.configured);
		setAttr(form, "aria-busy", hook.config ? null : "true");
		test.update();
	}
	told();
	return { node, update };
}

// noted is a field's help and what is wrong with it, which whoever is in the field hears, too.
function noted(input, hint = "") {
	const error = h("p.error", { id: uid("error") });
	const help = h("p.hint", { id: uid("hint") }, hint);
	setAttr(input, "aria-describedby", `${help.id} ${error.id}`);
	return {
		input, error, help,
		focus: () => input.focus(),
		wrong(text) {
			setText(error, text);
			setAttr(input, "aria-invalid", text ? "true" : null);
		},
	};
}

function textField(name, hint, more) {
	const input = h("input.field", { type: "text", id: uid("field"), autocomplete: "off", autocapitalize: "none", spellcheck: "false", ...more });
	const field = noted(input, hint);
	const label = h("label", { for: input.id }, NAMES[name]);
	return {
		...field, label,
		node: h("div.labelled", label, input, field.error, field.help),
		get: () => input.value.trim(),
		set: (value) => (input.value = value),
	};
}

function option(name, kind, more) {
	const input = h(`input.${kind}`, { type: "checkbox", id: uid("option"), ...more });
	const field = noted(input);
	return {
		...field,
		node: h("div.option", input, h("div", h("label", { for: input.id }, NAMES[name]), field.help, field.error)),
		get: () => input.checked,
		set: (value) => (input.checked = value),
	};
}

// secretField never shows what is saved: it says that there is something, and takes another.
function secretField(changed) {
	const field = textField("authorization", "", { placeholder: "Bearer …" });
	const { input, help, label } = field;
	const replace = button("Replace", "plain small", () => open(true), { "aria-label": "Replace the authorization header" });
	const keep = button("Keep the saved one", "link", () => {
		open(false);
		replace.focus();
	});
	const kept = h("div.labelled", h("p.label", NAMES.authorization), h("div.saved", h("span.tick", { "aria-hidden": "true" }), h("span", "Saved"), replace));
	field.node.prepend(kept);
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
		for (const part of [input, label]) show(part, !shut);
		show(keep, has && opened);
	}

	draw();
	return {
		...field,
		get: () => input.value,
		reset() {
			input.value = "";
			opened = false;
		},
		focus: () => (has && !opened ? open(true) : input.focus()),
		saved(yes, configured) {
			has = yes;
			setText(help, yes ? "Sent with every batch. Its value is never shown." : configured ? "Sent with every batch. Leave it empty to keep one that was saved before." : "Sent with every batch as it is, scheme and all: Bearer, Splunk, Basic.");
			draw();
		},
	};
}

function formatField() {
	const name = uid("format");
	const inputs = FORMATS.map(([value]) => h("input", { type: "radio", name, value, id: uid("format") }));
	const node = h("fieldset.labelled.formats", { role: "radiogroup" }, h("legend", NAMES.log_format),
		...FORMATS.map(([value, text], n) => {
			const about = h("span.hint", { id: uid("about") }, text);
			setAttr(inputs[n], "aria-describedby", about.id);
			return h("div.format", inputs[n], h("label", { for: inputs[n].id }, value), about);
		}));
	const field = noted(node);
	node.append(field.help, field.error);
	const get = () => inputs.find((i) => i.checked)?.value ?? "";
	return {
		...field, node, get,
		set: (value) => inputs.forEach((i) => (i.checked = i.value === value)),
		focus: () => (inputs.find((i) => i.checked) ?? inputs[0]).focus(),
	};
}
