// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- A plan: who would change, and who is left out
function readPlan() {
  for (const host of hosts) {
    host.search += `\n${[...texts(host.warnings), ...texts(host.commands)].join("\n").toLowerCase()}`;
    // Hosts are one row where nothing of what would happen to them differs.
    host.key = [host.status, host.reason, host.before, host.planned, host.commands, host.warnings].join("\n");
  }
}

const tag = (text, title) => make("span", { class: "tag", title }, text);

function tags(host) {
  const found = [];
  if (host.restart) found.push(tag("restart", host.reason));
  const warnings = texts(host.warnings);
  if (warnings.length) found.push(tag(count(warnings.length, "warning"), warnings.join("\n")));
  return found;
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
    table.append(make("tr", { class: "batch" }, make("td", { class: "num" }, all.length.toLocaleString("en")), make("td", {}, reason),
      make("td", { class: "names" }, some(all))));
  }
}

function showPlan() {
  byId("digest").textContent = data.plan_digest;
  kinds.forEach((members, i) => { for (const host of members) host.batch = i + 1; });
  leftOutTable();
  byId("part").textContent = "Change";
  byId("filter").placeholder = "Filter by host, setting, value, warning or command  ( / )";
  byId("batch").append(make("option", { value: "", selected: "" }, "all"),
    ...kinds.map((members, i) => make("option", { value: i + 1 }, `${i + 1} (${count(members.length, "host")})`)));
}

if (plan) readPlan();
readChanges();
