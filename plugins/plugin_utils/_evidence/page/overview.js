// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- What stands above the hosts
const chosen = { text: "", batch: "", status: new Set() };
const batches = [...new Set(hosts.map((h) => h.batch))].sort((a, b) => a - b);

function head() {
  const what = KINDS[data.kind];
  byId("kind").textContent = ["mde.connectivity", plan ? "Plan for approval" : what, data.change && `Change ${data.change}`].filter(Boolean).join(" \u00b7 ");
  byId("title").textContent = data.sentence || what;
  document.title = `${what} ${data.change || data.run || ""}`.trim();
  const span = data.finished ? `${when(data.started)}, ${lasted(data.started, data.finished)}` : when(data.started);
  const facts = [count(hosts.length, "host"), span, data.who ? `by ${data.who}` : "", data.note];
  if (batches.length > 1 && !plan) facts.splice(1, 0, count(batches.length, "batch", "batches"));
  byId("meta").append(facts.filter(Boolean).join(" \u00b7 "));
  if (data.plan_digest && !plan) {
    byId("meta").append(" \u00b7 plan ", make("code", { title: data.plan_digest }, data.plan_digest.slice(0, 12)));
  }
  byId("foot").textContent = [data.run && `Run ${data.run}`, data.plan_digest && `plan digest ${data.plan_digest}`,
    "times in UTC"].filter(Boolean).join(" \u00b7 ");
  const say = (text, bad) => byId("banners").append(make("p", { class: bad ? "banner bad" : "banner" }, text));
  if (data.incomplete) say("This evidence is incomplete: the run has not ended, was stopped, or a record is missing or damaged.", true);
  for (const text of data.damaged || []) say(text, true);
}

function tiles() {
  for (const status of data.statuses.filter((s) => s !== "open" || hosts.some((h) => h.status === s))) {
    const n = hosts.filter((h) => h.status === status).length;
    const tile = make("button", { type: "button", class: `tile ${tone(status)}${n ? "" : " none"}`, "aria-pressed": "false", "data-status": status },
      make("b", {}, n.toLocaleString("en")), make("span", {}, LABELS[status]));
    tile.addEventListener("click", () => {
      if (!chosen.status.delete(status)) chosen.status.add(status);
      tile.setAttribute("aria-pressed", chosen.status.has(status));
      draw();
    });
    byId("tiles").append(tile);
  }
  const more = [["Not started", data.not_started, "open"], ["Not in this run", data.not_in_run, "open"],
    ["With warnings", hosts.filter((h) => lists[h.warnings].length).length, "left_out"],
    ["Restart due", hosts.filter((h) => h.restart).length, "left_out"]];
  for (const [label, n, name] of more) {
    if (n) byId("tiles").append(make("div", { class: `tile t-${name}` }, make("b", {}, n.toLocaleString("en")), make("span", {}, label)));
  }
  bar(hosts, byId("share"));
}

function causeTable() {
  const found = new Map();
  // What drifted stands above, setting by setting.
  for (const host of hosts.filter((h) => h.status !== "drifted" || !h.line)) {
    for (const cause of causesOf(host)) if (found.has(cause)) found.get(cause).push(host.name); else found.set(cause, [host.name]);
  }
  if (!found.size) {
    byId("failed").remove();
    return;
  }
  byId("causes").append(make("tr", {}, ...[["num", "Hosts"], ["settings", "Cause"], ["", "Names"]].map(([name, text]) => make("th", { class: name, scope: "col" }, text))));
  for (const [cause, names] of [...found].sort((a, b) => b[1].length - a[1].length).slice(0, MOST_CHANGES)) {
    byId("causes").append(make("tr", { class: "batch" },
      make("td", { class: "num", "data-name": "Hosts" }, showOnly(names.length.toLocaleString("en"), "Show only these hosts", filterFor(`"${cause}"`))),
      make("td", { class: "settings" }, cause), make("td", { class: "names" }, some(names))));
  }
  const more = found.size - MOST_CHANGES;
  if (more > 0) byId("causes").append(make("tr", {}, make("td", { class: "empty", colspan: 3 }, `and ${count(more, "other cause")}; all are in the list of hosts below`)));
}

function batchTable() {
  const table = byId("batches");
  table.append(make("tr", {}, make("th", {}, "Batch"), make("th", { class: "wide" }, "Verdicts"), make("th", { class: "num" }, "Hosts"),
    make("th", { class: "num" }, "Not OK"), make("th", { class: "num" }, "Time")));
  for (const number of batches) {
    const members = hosts.filter((h) => h.batch === number);
    const link = make("button", { type: "button", class: "link", title: "Show only this batch" }, number ? `Batch ${number}` : "No batch");
    link.addEventListener("click", () => { byId("batch").value = number; byId("batch").dispatchEvent(new Event("change")); });
    const start = members.reduce((a, h) => (h.started < a ? h.started : a), members[0].started);
    const ends = members.map((h) => h.finished).filter(Boolean).sort();
    const label = tally(members).map(([s, n]) => `${n} ${LABELS[s]}`).join(", ");
    table.append(make("tr", { class: "batch" }, make("td", {}, link),
      make("td", { class: "wide" }, bar(members, make("div", { class: "bar", role: "img", "aria-label": label, title: label }))),
      make("td", { class: "num" }, members.length.toLocaleString("en")),
      make("td", { class: "num" }, String(members.filter((h) => h.status !== good).length)),
      make("td", { class: "num" }, ends.length === members.length ? lasted(start, ends[ends.length - 1]) : "\u2013")));
    byId("batch").append(make("option", { value: number }, number ? `${number}` : "none"));
  }
  byId("batch").prepend(make("option", { value: "", selected: "" }, "all"));
}

function urlTable() {
  const table = byId("urls");
  const worst = order.filter((i) => failures[i].hosts).sort((a, b) => failures[b].hosts - failures[a].hosts);
  if (!worst.length) {
    const text = columns.length ? "Every service URL that was asked was reached from every host." : "No reachability was asked.";
    table.append(make("tr", {}, make("td", { class: "empty" }, text)));
    return;
  }
  table.append(make("tr", {}, make("th", {}, "URL"), make("th", {}, "Path"), make("th", {}, "Reasons"), make("th", { class: "num" }, "Hosts")));
  for (const i of worst.slice(0, 6)) {
    const link = make("button", { type: "button", class: "link", title: "Show only hosts on which it failed" }, short(columns[i][0]));
    link.addEventListener("click", () => { byId("filter").value = columns[i][0]; byId("filter").dispatchEvent(new Event("input")); });
    const reasons = [...failures[i].reasons].sort((a, b) => b[1] - a[1]).map(([r, n]) => `${r} (${n})`).join(", ");
    table.append(make("tr", {}, make("td", {}, link), make("td", {}, columns[i][1]), make("td", {}, reasons),
      make("td", { class: "num" }, failures[i].hosts.toLocaleString("en"))));
  }
  if (worst.length > 6) table.append(make("tr", {}, make("td", { class: "empty", colspan: 4 }, `and ${worst.length - 6} more; red in the head of the matrix below`)));
}
