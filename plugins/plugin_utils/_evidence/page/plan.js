// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- A plan: what changes, on how many hosts
const MOST_CHANGES = 20;
const MOST_NAMES = 12;
const NO_SETTING = "No setting that is shown differs; see the commands.";
// These follow from the settings beside them; _words.py names them.
const DERIVED = new Set(["set by", "because", "conflicts"]);

// What differs between two states; accounts and views that change alike are told together.
function changesOf(before, after) {
  const [old, now] = [settingsOf(before), settingsOf(after)];
  if (!old.size || !now.size) return [];
  const found = new Map();
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [from, to] = [old, now].map((state) => (state.has(name) ? state.get(name) : "not set"));
    if (from === to || DERIVED.has(name)) continue;
    const [setting, ...place] = name.split(" of ");
    const key = JSON.stringify([setting, from, to]);
    if (!found.has(key)) found.set(key, { setting, places: [], from, to });
    if (place.length) found.get(key).places.push(place.join(" of "));
  }
  return [...found.values()].map(({ setting, places, from, to }) => (
    { setting: places.length ? `${setting} of ${places.join(", ")}` : setting, from, to }));
}

// Every kind of change with its hosts, the most frequent one first; its number stands for it on the page.
const kinds = [];

function readPlan() {
  const differences = new Map();
  const found = new Map();
  for (const host of hosts) {
    const states = `${host.before} ${host.after}`;
    if (!differences.has(states)) differences.set(states, changesOf(host.before, host.after));
    host.changes = differences.get(states);
    host.restart = host.status === "would_change" && host.reason !== "";
    host.line = host.changes.map((c) => `${c.setting}: ${c.from} \u2192 ${c.to}`).join("; ");
    // Hosts are one row where nothing of what would happen to them differs.
    host.key = [host.status, host.reason, host.before, host.after, host.commands, host.warnings].join("\n");
    host.search = [host.name, LABELS[host.status], host.reason, host.line, ...texts(host.warnings), ...texts(host.commands)].join("\n").toLowerCase();
    if (host.status !== "would_change") continue;
    const key = [host.line, host.reason, host.warnings].join("\n");
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(host);
  }
  kinds.push(...[...found.values()].sort((a, b) => b.length - a.length));
  kinds.forEach((members, i) => { for (const host of members) host.batch = i + 1; });
}

const tag = (text, title) => make("span", { class: "tag", title }, text);

function tags(host) {
  const found = [];
  if (host.restart) found.push(tag("restart", host.reason));
  const warnings = texts(host.warnings);
  if (warnings.length) found.push(tag(count(warnings.length, "warning"), warnings.join("\n")));
  return found;
}

function changeTable() {
  const table = byId("changes");
  if (!kinds.length) {
    table.append(make("tr", {}, make("td", { class: "empty" }, "Nothing would change on any host that could be read.")));
    return;
  }
  const titles = [["num", "#"], ["num", "Hosts"], ["", "Setting: now \u2192 then"], ["", "Restart"], ["", "Warnings"]];
  table.append(make("tr", {}, ...titles.map(([name, text]) => make("th", { class: name, scope: "col" }, text))));
  kinds.slice(0, MOST_CHANGES).forEach((members, i) => {
    const [first] = members;
    const link = make("button", { type: "button", class: "link", title: "Show only these hosts", "aria-label": `Show the hosts of change ${i + 1}` }, members.length.toLocaleString("en"));
    link.addEventListener("click", () => { byId("batch").value = i + 1; byId("batch").dispatchEvent(new Event("change")); });
    const lines = first.changes.map((c) => make("div", {}, make("code", {}, c.setting), make("del", {}, c.from), "\u2192", make("ins", {}, c.to)));
    const warnings = texts(first.warnings).map((text) => make("p", {}, text));
    table.append(make("tr", { class: "batch" }, make("td", { class: "num", "data-name": "Change" }, `${i + 1}`),
      make("td", { class: "num", "data-name": "Hosts" }, link),
      make("td", { class: "settings" }, ...(lines.length ? lines : [NO_SETTING])),
      make("td", { class: first.restart ? "say" : "empty", "data-name": "Restart" }, first.restart ? `needed: ${first.reason}` : "not needed"),
      make("td", { class: warnings.length ? "say" : "empty", "data-name": "Warnings" }, ...(warnings.length ? warnings : ["none"]))));
  });
  const more = kinds.length - MOST_CHANGES;
  if (more > 0) table.append(make("tr", {}, make("td", { class: "empty", colspan: 5 }, `and ${count(more, "other change")}, each on ${count(kinds[MOST_CHANGES].length, "host")} at most; all are in the list of hosts below`)));
  const same = hosts.filter((h) => h.status === "no_change").length;
  byId("changes-note").textContent = same ? `${count(same, "host")} ${same === 1 ? "needs" : "need"} no change.` : "";
}

function leftOutTable() {
  const found = new Map();
  for (const host of hosts.filter((h) => h.status === "left_out")) found.set(host.reason, [...(found.get(host.reason) || []), host.name]);
  if (!found.size) {
    byId("left-out").remove();
    return;
  }
  const table = byId("left");
  table.append(make("tr", {}, ...[["num", "Hosts"], ["", "Reason"], ["", "Names"]].map(([name, text]) => make("th", { class: name, scope: "col" }, text))));
  for (const [reason, all] of [...found].sort((a, b) => b[1].length - a[1].length)) {
    const rest = all.length > MOST_NAMES ? `, and ${all.length - MOST_NAMES} more in the list below` : "";
    table.append(make("tr", { class: "batch" }, make("td", { class: "num" }, all.length.toLocaleString("en")), make("td", {}, reason),
      make("td", { class: "names" }, all.slice(0, MOST_NAMES).join(", ") + rest)));
  }
}

function showPlan() {
  byId("digest").textContent = data.plan_digest;
  changeTable();
  leftOutTable();
  byId("part").textContent = "Change";
  byId("filter").placeholder = "Filter by host, setting, value, warning or command  ( / )";
  byId("batch").append(make("option", { value: "", selected: "" }, "all"),
    ...kinds.map((members, i) => make("option", { value: i + 1 }, `${i + 1} (${count(members.length, "host")})`)));
}

if (plan) readPlan();
