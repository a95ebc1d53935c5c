// The card of all regions: each at a glance, and one replay for them all.
import { badge, replaying } from "./card.js";
import { capital, h, number, setAttr, setText, show, uid } from "./dom.js";
import { wordOf } from "./job.js";
import { portion } from "./pace.js";

// overview has a row a region; link(region) is where its card, or its page, is.
export function overview(feed, hooks, link) {
  const id = uid("region");
  const mark = badge();
  const where = h("p", { class: "where muted" });
  const rows = [...feed.jobs.keys()].map((region) => row(region, hooks.find((k) => k.region === region), link(region)));
  const table = h("table", { class: "regions" },
    h("caption", { class: "sr", text: "Regions" }),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", text: "Region" }), h("th", { scope: "col", text: "Webhook" }), h("th", { scope: "col", text: "Replay" }), h("th", { scope: "col", class: "right", text: "Entries" }), h("th", { scope: "col", class: "right" }, "Done"))),
    h("tbody", {}, ...rows.map((r) => r.node)));
  const replay = replaying({ region: "global", title: "All regions", feed, hooks, hook: null, setup: null });
  const node = h("section", { class: "card", id: "card-global", aria: { labelledby: id }, data: { region: "global", status: "loading" } },
    h("div", { class: "head" }, h("div", { class: "title" }, h("div", { class: "row" }, h("h2", { id, text: "All regions", tabindex: "-1" }), mark.node), where)),
    h("div", { class: "glance" }, table), h("div", { class: "panel" }, replay.node));

  function update() {
    const status = feed.all?.status ?? "loading";
    node.dataset.status = status;
    node.dataset.job = status;
    mark.set(status, status === "unconfigured" ? "No replay yet" : wordOf(feed.all));
    const known = hooks.filter((k) => k.status);
    const active = known.filter((k) => k.word === "active").length;
    setText(where, known.length === hooks.length && hooks.length ? `${active} of ${hooks.length} active` : "");
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
  const entries = h("td", { class: "right" });
  const bar = h("span", { class: "mini", aria: { hidden: "true" } });
  const far = h("span");
  const node = h("tr", {}, h("th", { scope: "row" }, h("a", { href, text: region })), h("td", {}, mark.node), status, entries, h("td", { class: "right" }, bar, far));
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
      setAttr(node, "data-job", job?.status);
    },
  };
}
