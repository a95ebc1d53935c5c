// The figures of a replay: one large, the others beside it.
import { h, number, setText, show, size } from "./dom.js";
import { parse, spoken } from "./time.js";

export function figures() {
  const big = h("span", { class: "big" });
  const unit = h("span", { class: "unit" });
  const items = Array.from({ length: 4 }, () => ({ name: h("dt"), value: h("dd") }));
  const node = h("div", { class: "figures" },
    h("p", { class: "headline" }, big, unit),
    h("dl", {}, ...items.map((i) => (i.node = h("div", {}, i.name, i.value)))));

  function list(rows) {
    items.forEach((item, n) => {
      show(item.node, n < rows.length);
      setText(item.name, rows[n]?.[0] ?? "");
      setText(item.value, rows[n]?.[1] ?? "");
    });
  }

  // update shows a job that is on by how far it is, one that ended by what came of it.
  function update({ job, on, part, entries, sum, rate, left }) {
    if (on) {
      setText(big, part === null ? "–" : String(Math.floor(part * 100)));
      setText(unit, "%");
      list([
        ["Entries", number(entries)],
        ["Entries/s", rate === null ? "–" : number(Math.round(rate))],
        ["Time left", left === null ? "–" : `about ${spoken(left)}`],
        ["Sent", size(sum.bytes)],
      ]);
      return;
    }
    setText(big, number(entries));
    setText(unit, entries === 1 ? "entry acknowledged" : "entries acknowledged");
    const took = duration(job);
    list([
      ["Took", took === null ? "–" : took < 1000 ? `${took} ms` : spoken(took)],
      ["Entries/s", took > 0 && entries > 0 ? number(Math.max(1, Math.round((entries * 1000) / took))) : "–"],
      ["Requests", number(sum.batches)],
      ["Sent", size(sum.bytes)],
    ]);
  }
  return { node, update };
}

function duration(job) {
  const all = job.regions ? Object.values(job.regions).filter((j) => j.start_at === job.start_at && j.end_at === job.end_at) : [job];
  const starts = all.map((j) => parse(j.started_at)).filter(Boolean);
  const ends = all.map((j) => parse(j.finished_at)).filter(Boolean);
  return starts.length && ends.length ? Math.max(...ends) - Math.min(...starts) : null;
}
