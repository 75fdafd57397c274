// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- What changed, would change or differs: from what to what, on how many hosts
const MOST_CHANGES = 20;
const MOST_NAMES = 12;
const NO_SETTING = "No setting that is shown differs; see the commands.";
// What a change is called, and from what to what it goes.
const STATES = {
  plan: { title: "What changes", arrow: "now \u2192 then", none: "Nothing would change on any host that could be read." },
  rollout: { title: "What changed", arrow: "before \u2192 now, as read back", none: "Nothing changed on any host of which it is known what it holds now." },
  audit: { title: "What differs from the desired state", arrow: "now \u2192 desired", none: "No setting differs on any host that could be read." },
  verify: { title: "Which proxy wins", arrow: "now", none: "There is no host." },
}[data.kind];

// The differences of a host, as _words.py has put them together.
function changesOf(host) {
  if (data.kind === "verify") return [{ setting: "proxy that wins", to: host.wins }];
  const flat = texts(host.changes);
  return flat.filter((_, i) => i % 3 === 0).map((setting, i) => ({ setting, from: flat[3 * i + 1], to: flat[3 * i + 2] }));
}

const lineOf = (changes) => changes.map((c) => (c.from === undefined ? `${c.setting}: ${c.to}` : `${c.setting}: ${c.from} \u2192 ${c.to}`)).join("; ");

// Every kind of change with its hosts, the most frequent one first.
const kinds = [];

function readChanges() {
  const found = new Map();
  for (const host of hosts) {
    host.changes = changesOf(host);
    host.line = lineOf(host.changes);
    host.search += `\n${host.line.toLowerCase()}`;
    if (plan ? host.status !== "would_change" : !host.changes.length) continue;
    const key = plan ? [host.line, host.restart, host.warnings].join("\n") : host.line;
    if (found.has(key)) found.get(key).push(host); else found.set(key, [host]);
  }
  kinds.push(...[...found.values()].sort((a, b) => b.length - a.length));
}

// Shows only some hosts, in the list below.
function showOnly(text, title, apply) {
  const link = make("button", { type: "button", class: "link", title }, text);
  link.addEventListener("click", apply);
  return link;
}

// In quotation marks, a whole reason, cause or change is meant.
const filterFor = (text) => () => { byId("filter").value = text; byId("filter").dispatchEvent(new Event("input")); };
const choose = (number) => () => { byId("batch").value = number; byId("batch").dispatchEvent(new Event("change")); };
const bare = (name) => (suffix ? name.slice(0, -suffix.length) : name);
const some = (all) => all.slice(0, MOST_NAMES).map(bare).join(", ") + (all.length > MOST_NAMES ? `, and ${all.length - MOST_NAMES} more in the list below` : "");

function changeLine(change) {
  const to = make("ins", {}, change.to);
  return change.from === undefined
    ? make("div", { class: "one" }, make("code", {}, change.setting), to)
    : make("div", {}, make("code", {}, change.setting), make("del", {}, change.from), "\u2192", to);
}

function changeRow(members, i) {
  const [first] = members;
  const lines = first.changes.map(changeLine);
  const title = plan ? `Show the hosts of change ${i + 1}` : "Show only these hosts";
  const apply = plan ? choose(i + 1) : filterFor(`"${first.line}"`);
  const node = make("tr", { class: "batch" },
    make("td", { class: "num", "data-name": "Hosts" }, showOnly(members.length.toLocaleString("en"), title, apply)),
    make("td", { class: "settings" }, ...(lines.length ? lines : [NO_SETTING])));
  if (!plan) {
    node.append(make("td", { class: "names" }, some(members.map((h) => h.name))));
    return node;
  }
  const warnings = texts(first.warnings).map((text) => make("p", {}, text));
  node.prepend(make("td", { class: "num", "data-name": "Change" }, `${i + 1}`));
  node.append(make("td", { class: first.restart ? "say" : "empty", "data-name": "Restart" }, first.restart ? `needed: ${first.restart}` : "not needed"),
    make("td", { class: warnings.length ? "say" : "empty", "data-name": "Warnings" }, ...(warnings.length ? warnings : ["none"])));
  return node;
}

function changeTable() {
  byId("changes-head").textContent = STATES.title;
  const table = byId("changes");
  byId("changes-note").textContent = changesNote();
  if (!kinds.length) {
    table.append(make("tr", {}, make("td", { class: "empty" }, STATES.none)));
    return;
  }
  const titles = [["num", "Hosts"], ["settings", `Setting: ${STATES.arrow}`], ...(plan ? [["", "Restart"], ["", "Warnings"]] : [["", "Names"]])];
  if (plan) titles.unshift(["num", "#"]);
  table.append(make("tr", {}, ...titles.map(([name, text]) => make("th", { class: name, scope: "col" }, text))), ...kinds.slice(0, MOST_CHANGES).map(changeRow));
  const more = kinds.length - MOST_CHANGES;
  if (more > 0) table.append(make("tr", {}, make("td", { class: "empty", colspan: titles.length }, `and ${count(more, "other change")}, each on ${count(kinds[MOST_CHANGES].length, "host")} at most; all are in the list of hosts below`)));
}

function changesNote() {
  if (plan) {
    const same = hosts.filter((h) => h.status === "no_change").length;
    return same ? `${count(same, "host")} ${same === 1 ? "needs" : "need"} no change.` : "";
  }
  const unknown = hosts.filter((h) => !lists[h.now].length).length;
  return unknown ? `Of ${count(unknown, "host")} it is not known what ${unknown === 1 ? "it holds" : "they hold"} now.` : "";
}
