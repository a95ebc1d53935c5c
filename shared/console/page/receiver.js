// What the receiver says: to a test entry, and to what was sent last.
import * as api from "./api.js";
import { problemText } from "./advice.js";
import { busy, button, capital, h, number, setText, show } from "./dom.js";
import { trace } from "./ask.js";
import { ago, fields, parse } from "./time.js";

export function receiver({ region, title, hook, dirty: changed }) {
  const send = button("Send test entry", "plain", act);
  const unsaved = h("p", { class: "hint", text: "It goes to what is saved, not to your changes." });
  const result = h("div", { role: "status", class: "result" });
  const last = h("p");
  const when = h("p", { class: "hint" });
  const node = h("div", { class: "receiver stack", role: "group", aria: { label: `Receiver, ${title}` } },
    h("h3", { text: "Test" }),
    h("p", { class: "hint", text: "Sends one signed entry, named Reprise.Test, whether the webhook is enabled or not." }),
    h("div", {}, send), unsaved, result,
    h("div", { class: "last" }, h("h3", { text: "Last attempt" }), last, when));
  let working = false;

  async function act() {
    if (working) return;
    working = true;
    busy(send, true, "Waiting for the receiver…");
    result.replaceChildren();
    try {
      came(await api.test(region));
    } catch (p) {
      if (p.kind === "aborted") return;
      const text = p.status === 429 ? "Another test of this webhook is under way. Try again in a moment." : problemText(p);
      result.replaceChildren(h("p", { class: "error", text }), ...(p.trace && p.status >= 500 ? [trace(p)] : []));
    } finally {
      working = false;
      busy(send, false, "Send test entry");
    }
    hook.read();
  }

  // came shows an answer as it is: a code and its message, or why there is none.
  function came(answer) {
    const code = answer.response_code;
    const good = code >= 200 && code < 300;
    const took = answer.duration_ms === undefined ? null : `${number(answer.duration_ms)} ms`;
    const head = code === undefined ? "No answer" : `${code} ${answer.response_message ?? ""}`.trim();
    const text = code === undefined ? capital(answer.reason ?? "") : good ? "The receiver took the entry." : "The receiver did not take the entry.";
    result.replaceChildren(h("div", { class: good ? "came good" : "came bad" },
      h("p", { class: "head" }, h("strong", { text: head }), took ? h("span", { class: "muted", text: took }) : null), h("p", { text })));
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
  return { node, update, dirty };
}
