// The page: who is signed in, what is shown.
import * as api from "./api.js";
import { problemText } from "./advice.js";
import { trace } from "./ask.js";
import { button, h, moveFocus, say, setAttr, setText, show } from "./dom.js";
import { card } from "./card.js";
import { Feed, Hook } from "./feed.js";
import { overview } from "./overview.js";

const at = (id) => document.getElementById(id);
const page = document.documentElement;
let session = new AbortController();
let feed = null;
let cards = [];
let built = null; // the cards' session

function state(name) {
	if (page.dataset.state !== name) page.dataset.state = name;
}

function open() {
	session = new AbortController();
	const mine = session.signal;
	state("loading");
	feed = new Feed(mine);
	feed.addEventListener("change", () => changed(mine));
	document.addEventListener("visibilitychange", () => document.hidden || woke(), { signal: mine });
	feed.read();
}

function woke() {
	for (const c of cards) {
		c.hook?.read();
		c.fresh();
	}
}

function changed(mine) {
	if (mine.aborted) return;
	if (feed.known && built !== mine) build(mine);
	const p = feed.problem;
	const denied = p?.status === 401 || p?.status === 403;
	if (denied) return;
	if (p) state(p.kind === "network" ? "offline" : feed.known && p.kind === "timeout" ? "ready" : "error");
	else if (page.dataset.state !== "ready") {
		const back = ["offline", "error"].includes(page.dataset.state) && cards.length;
		state("ready");
		if (back) {
			say("The service answers again");
			woke();
		}
	}
	trouble(p);
}

async function build(mine) {
	built = mine;
	cards = [];
	const regions = [...feed.jobs.keys()];
	const alone = await isGlobalHost(regions[0], mine).catch(() => (built = null));
	if (mine.aborted || !built) return;
	const hooks = alone ? [] : regions.map((r) => new Hook(r, mine));
	const link = (r) => (alone ? `${location.protocol}//${location.host.replace(/^global\./i, `${r}.`)}/` : `#card-${r}`);
	if (alone || regions.length > 1) cards.push(overview(feed, hooks, link));
	for (const hook of hooks) cards.push({ ...card(hook.region, feed, hook), hook });
	at("cards").replaceChildren(h("h1.sr", "Webhooks and replays"), ...cards.map((c) => c.node));
	show(at("cards"), true);
	for (const c of cards) {
		c.update();
		c.fresh();
		c.hook?.read();
	}
}

// isGlobalHost reports whether the host's name means all regions, so that none can be set up from here: it wins over the header.
async function isGlobalHost(region, mine) {
	return /^global\./i.test(location.hostname) && Boolean((await api.jobs(mine, region)).regions);
}

// trouble is a banner over what is known, or a page of its own.
let shownTrouble = "";
function trouble(p) {
	const whole = at("trouble");
	const banner = at("banner");
	const key = p ? [p.kind, p.status, feed.known].join() : ""; // the first trace id of a fault is enough, and focus and voice are left alone
	if (key === shownTrouble) return;
	shownTrouble = key;
	for (const box of [whole, banner]) moveFocus(box, at("main"));
	show(whole, Boolean(p) && !feed.known);
	show(banner, Boolean(p) && feed.known);
	banner.replaceChildren();
	whole.replaceChildren();
	if (!p) return;
	const again = () => button("Try again", "plain small", () => feed.read());
	if (feed.known) {
		const text = p.kind === "network" ? "No connection to the service. What you see may be old." : `The replays could not be read. ${problemText(p)}`;
		banner.append(h("p", text), trace(p), again());
	} else {
		whole.append(h("h1", p.kind === "network" ? "No connection" : "The service has a problem"), h("p", problemText(p)), trace(p),
			h("p.hint", "It is tried again by itself."), h("div.row", again()));
	}
}

function clear() {
	session.abort();
	cards = [];
	shownTrouble = "";
	at("cards").replaceChildren();
	for (const id of ["cards", "trouble", "banner", "slow"]) show(at(id), false);
}

// leave breaks everything off and shows the form again, with the reason if there is one.
function leave(reason = "") {
	clear();
	api.signOut();
	state(reason ? "unauthorized" : "signed-out");
	because(reason);
	at("token").focus();
}

function because(reason) {
	setText(at("reason"), reason);
	show(at("reason"), reason !== "");
	setAttr(at("token"), "aria-invalid", reason ? "true" : null);
}

function denied(p) {
	if (p.status === 401) return leave("This token is unknown, expired or revoked. Paste another one.");
	clear();
	state("forbidden");
	const whole = at("trouble");
	whole.replaceChildren(h("h1", { tabindex: "-1" }, "This token may only send entries"),
		h("p", "It has the role intake. Webhooks and replays need a token with the role admin."),
		h("p.hint", "Make one with ", h("code", "reprise token create --role admin"), "."),
		h("div.row", button("Use another token", "primary", () => leave())));
	show(whole, true);
	whole.querySelector("h1").focus();
}

function signIn(e) {
	e.preventDefault();
	const text = at("token").value.trim().replace(/^bearer\s+/i, "");
	const wrong = !text ? "Paste a token first." : /[^\x21-\x7e]|,/.test(text) ? "This is not a token: it has a space or another character that none has." : "";
	because(wrong);
	if (wrong) return at("token").focus();
	at("token").value = "";
	hideToken(true);
	api.signIn(text);
	open();
	at("main").focus();
}

function hideToken(yes) {
	at("token").type = yes ? "password" : "text";
	setAttr(at("reveal"), "aria-pressed", yes ? "false" : "true");
}

api.watch(denied, (n) => show(at("slow"), n > 0));
at("signin-form").addEventListener("submit", signIn);
at("reveal").addEventListener("click", () => hideToken(at("token").type === "text"));
at("signout").addEventListener("click", () => leave());
if (api.hasToken()) open();
else state("signed-out");
