// A table of instants, on the browser's clock and in UTC.
import { h, setText } from "./dom.js";
import { fields, offset, utc, zone } from "./time.js";

export function clocks(labels, caption, ...above) {
	const same = zone() === "UTC";
	const rows = labels.map((label) => ({ label, local: h("td"), utc: h("td") }));
	const corner = h("td");
	const head = h("th", { scope: "col" });
	const node = h("table.clocks", h("caption.sr", caption),
		h("thead", h("tr", corner, head, same ? null : h("th", { scope: "col" }, "UTC"))),
		h("tbody", ...above, ...rows.map((r) => h("tr", h("th", { scope: "row" }, r.label), r.local, same ? null : r.utc))));
	return {
		node, corner,
		set(all) {
			const at = all.find((one) => one) ?? 0;
			setText(head, same || !at ? zone() : `${zone()}, ${offset(at)}`);
			rows.forEach((r, n) => {
				fill(r.local, all[n] && fields(all[n]));
				fill(r.utc, all[n] && utc(all[n]));
			});
		},
	};
}

// fill keeps date and time apart, so that a narrow cell breaks between them.
function fill(cell, shown) {
	if (cell.textContent === (shown ? `${shown.date} ${shown.time}` : "–")) return;
	cell.replaceChildren(...(shown ? [h("span.part", shown.date), " ", h("span.part", shown.time)] : ["–"]));
}
