// Which range of time to ask for: one that ends now, or one of the last seven days.
import { now } from "./api.js";
import { calendar } from "./calendar.js";
import { h, setAttr, setText, show, uid } from "./dom.js";
import { DAY, HOUR, MINUTE, WEEK, fields, instant, length, offset, readDate, readTime, utc, zone } from "./time.js";

const PRESETS = [
  ["Last 15 minutes", 15 * MINUTE],
  ["Last hour", HOUR],
  ["Last 6 hours", 6 * HOUR],
  ["Last 12 hours", 12 * HOUR],
  ["Last 24 hours", 24 * HOUR],
  ["Custom range", 0],
];

// range tells changed() of each choice; its window() is {start, end}, or {wrong} with the reason, as of now.
export function range(changed) {
  const name = uid("range");
  let chosen = HOUR;
  const radios = PRESETS.map(([label, span]) => {
    const input = h("input", { type: "radio", name, value: String(span), on: { change: () => choose(span) } });
    input.checked = span === chosen;
    return h("label", { class: "choice" }, input, h("span", { text: label }));
  });
  const own = custom(changed);
  const readout = clocks();
  const helpId = uid("help");
  const legendId = uid("legend");
  const node = h("fieldset", { class: "range", role: "radiogroup", aria: { labelledby: legendId, describedby: helpId } },
    h("legend", { id: legendId, text: "Time range" }),
    h("div", { class: "choices" }, ...radios),
    h("p", { class: "hint", id: helpId, text: "Data within the last seven days can be requested." }));
  const box = h("div", { class: "stack" }, node, own.node, readout.node);

  function choose(span) {
    chosen = span;
    show(own.node, span === 0);
    if (span === 0) own.open();
    changed();
  }

  function window() {
    const end = now();
    return chosen ? { start: end - chosen, end } : own.window();
  }

  show(own.node, false);
  return {
    node: box, window,
    show: (w) => readout.update(w),
  };
}

// clocks show a range on the browser's clock and in UTC.
function clocks() {
  const cells = ["From", "To"].map((label) => ({ label, local: h("td"), utc: h("td") }));
  const zoneHead = h("th", { scope: "col" });
  const long = h("span");
  const same = zone() === "UTC";
  const node = h("table", { class: "clocks" },
    h("thead", {}, h("tr", {}, h("td", {}, long), zoneHead, same ? null : h("th", { scope: "col", text: "UTC" }))),
    h("tbody", {}, ...cells.map((c) => h("tr", {}, h("th", { scope: "row", text: c.label }), c.local, same ? null : c.utc))));

  function update(w) {
    node.classList.toggle("void", Boolean(w.wrong));
    setText(long, w.wrong ? "" : length(w.end - w.start));
    setText(zoneHead, same || w.wrong ? zone() : `${zone()} ${offset(w.start) === offset(w.end) ? offset(w.end) : ""}`.trim());
    [w.start, w.end].forEach((at, n) => {
      fill(cells[n].local, w.wrong ? null : fields(at));
      fill(cells[n].utc, w.wrong ? null : utc(at));
    });
  }
  return { node, update };
}

// fill shows date and time so that a narrow cell breaks between them.
export function fill(cell, shown) {
  const text = shown ? `${shown.date} ${shown.time}` : "–";
  if (cell.textContent === text) return;
  cell.replaceChildren(...(shown ? [h("span", { class: "date", text: shown.date }), " ", h("span", { class: "time", text: shown.time })] : ["–"]));
}

// custom is a range of its own: two days in the calendar, or typed, with times to the second.
function custom(changed) {
  const ends = [endpoint("Start"), endpoint("End")];
  let picking = null; // the day taken first, while the second is waited for
  const grid = calendar("Days of the range", pick);
  const hint = h("p", { class: "hint", role: "status" });
  const wrong = h("p", { class: "error", id: uid("wrong"), role: "status" });
  const node = h("div", { class: "custom" }, h("div", { class: "days" }, grid.node, hint), h("div", { class: "ends" }, ...ends.map((e) => e.node), wrong));
  for (const e of ends) {
    for (const input of [e.date, e.time]) {
      setAttr(input, "aria-describedby", wrong.id);
      input.addEventListener("input", () => { picking = null; told(); });
      input.addEventListener("blur", () => e.tidy());
    }
  }

  function open() {
    if (!ends[0].date.value) {
      ends[0].set(now() - DAY);
      ends[1].set(now());
    }
    told();
  }

  // The first day taken starts the range and ends it, the second makes it longer, in whichever direction.
  function pick(day) {
    const [from, to] = picking === null ? [day, day] : [picking, day].sort();
    picking = picking === null ? day : null;
    const oldest = Math.ceil((now() - WEEK) / MINUTE + 1) * MINUTE;
    ends[0].put(from, "00:00:00");
    ends[1].put(to, "23:59:59");
    if (ends[0].read(false)?.at < oldest) ends[0].set(oldest);
    if (ends[1].read(true)?.at > now()) ends[1].set(now());
    told();
  }

  function told() {
    const w = window();
    grid.update(now(), readDate(ends[0].date.value), readDate(ends[1].date.value));
    setText(hint, picking ? "Now choose the last day." : "Choose the first day, then the last, or type both.");
    setText(wrong, w.wrong ?? w.why);
    wrong.classList.toggle("note", !w.wrong);
    changed();
  }

  function window() {
    const [start, end] = [ends[0].read(false), ends[1].read(true)];
    const fault = judge(start, end);
    ends.forEach((e, n) => e.mark(fault?.which.includes(n) ?? false));
    if (fault) return { wrong: fault.text };
    return { start: start.at, end: Math.min(end.at + 999, now()), why: [start.why, end.why].filter(Boolean).join(" ") };
  }
  return { node, open, window };
}

function judge(start, end) {
  if (!start) return { which: [0], text: "The start needs a date as 2026-01-31 and a time as 09:00:00." };
  if (!end) return { which: [1], text: "The end needs a date as 2026-01-31 and a time as 17:00:00." };
  if (start.at > end.at) return { which: [0, 1], text: "The start is after the end." };
  if (start.at < now() - WEEK) return { which: [0], text: "The start is more than seven days ago." };
  if (end.at > now() + MINUTE) return { which: [1], text: "The end is in the future." };
  return null;
}

// endpoint is one end of the range: a date and a time, as text, so that they can be typed and pasted in one way everywhere.
function endpoint(label) {
  const field = (what, width) => {
    const input = h("input", { type: "text", class: `field ${width}`, id: uid("at"), autocomplete: "off", spellcheck: "false", maxlength: width === "time" ? "8" : "10" });
    return { input, node: h("div", {}, h("label", { for: input.id, text: `${label} ${what}` }), input) };
  };
  const date = field("date", "date");
  const time = field("time", "time");
  return {
    node: h("div", { class: "end" }, date.node, time.node),
    date: date.input,
    time: time.input,
    put(day, clock) {
      date.input.value = day;
      time.input.value = clock;
    },
    set(at) {
      const shown = fields(at);
      this.put(shown.date, shown.time);
    },
    read(end) {
      const [day, clock] = [readDate(date.input.value), readTime(time.input.value)];
      return day && clock ? instant(day, clock, end) : null;
    },
    tidy() {
      date.input.value = readDate(date.input.value) ?? date.input.value;
      time.input.value = readTime(time.input.value) ?? time.input.value;
    },
    mark(yes) {
      setAttr(date.input, "aria-invalid", yes ? "true" : null);
      setAttr(time.input, "aria-invalid", yes ? "true" : null);
    },
  };
}
