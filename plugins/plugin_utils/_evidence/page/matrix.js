// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- The matrix: one drawing per row, so that a thousand rows stay light
const probed = data.kind === "rollout" || data.kind === "verify";
const [THIRD, ROOM] = { plan: ["#", 56], rollout: ["Batch", 66] }[data.kind] || ["Proxy that wins", 230];
const TITLES = ["Host", { plan: "Plan", audit: "Answer" }[data.kind] || "Verdict", THIRD, plan ? "Change" : "Reason", ...(probed ? [""] : [])];
const square = (x, inset) => `M${x + inset} ${inset}h${CELL - 2 * inset}v${CELL - 2 * inset}h${2 * inset - CELL}z`;
const shapes = {
  ok: (x) => square(x, 2), failed: (x) => square(x, 1), unknown: (x) => square(x, 3), skipped: (x) => square(x, 5),
};
const cross = (x) => `M${x + 4} 4l5 5m0-5l-5 5`;
const SVG = "http://www.w3.org/2000/svg";
const drawings = new Map();

function drawing(some, width) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", width * CELL);
  svg.setAttribute("height", CELL);
  const paths = {};
  for (const cell of some) {
    if (!(cell.verdict in shapes)) continue;
    const x = cell.column * CELL;
    paths[cell.verdict] = (paths[cell.verdict] || "") + shapes[cell.verdict](x);
    if (cell.verdict === "failed") paths.cross = (paths.cross || "") + cross(x);
  }
  for (const name of ["ok", "skipped", "unknown", "failed", "cross"].filter((n) => n in paths)) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", `c-${name}`);
    path.setAttribute("d", paths[name]);
    svg.append(path);
  }
  return svg;
}

function picture(host) {
  if (!drawings.has(host.cells)) drawings.set(host.cells, drawing(host.cells, columns.length));
  const svg = drawings.get(host.cells).cloneNode(true);
  const failed = host.cells.filter((c) => c.verdict === "failed");
  const ok = host.cells.filter((c) => c.verdict === "ok").length;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", host.cells.length
    ? `${ok} of ${host.cells.length} URLs OK${failed.length ? `; failed: ${failed.slice(0, 5).map((c) => `${short(columns[c.column][0])} ${c.reason}`).join(", ")}` : ""}`
    : "not asked");
  return svg;
}

function matrixHead() {
  const heads = make("div", { "aria-hidden": "true" });
  columns.forEach(([url, path], i) => {
    const n = failures[i].hosts;
    const name = short(url).replace(/\/.*/, "");
    heads.append(make("span", { class: n ? "bad" : "", title: `${url} (${path})${n ? `: failed on ${count(n, "host")}` : ""}` },
      several ? make("em", {}, `${path} `) : "", names.get(name) > 1 ? short(url) : name));
  });
  const row = make("tr", { role: "row" }, ...TITLES.map((t) => make("th", { role: "columnheader", scope: "col" }, t)));
  if (probed) {
    row.lastChild.className = "heads";
    row.lastChild.setAttribute("aria-label", "Reachability of the service URLs");
    row.lastChild.replaceChildren(heads);
  }
  if (suffix) row.firstChild.append(" ", make("small", {}, suffix));
  const widths = [plan ? 264 : 236, 138, ROOM, 300, ...(probed ? [Math.max(160, columns.length * CELL + 20)] : [])];
  const group = make("colgroup");
  widths.forEach((width, i) => {
    const col = make("col");
    // Why has the room that is left.
    if (i !== 3) col.style.width = `${width}px`;
    group.append(col);
  });
  const width = widths.reduce((a, b) => a + b, 0);
  byId("matrix").style.minWidth = `${width}px`;
  // As wide as a sheet of A4, upright or across, has room for.
  byId("matrix").style.setProperty("--print-zoom", Math.min(1, 1030 / width).toFixed(3));
  byId("matrix").append(group, make("thead", {}, row), make("tbody"));
}

const items = new WeakMap();

// What is said of a host that has no reason.
function nothing(host) {
  if (plan) return host.changed ? NO_SETTING : "no change needed";
  if (data.kind !== "rollout" || host.status !== good) return "";
  return host.changed ? "changed as planned" : "was as planned already";
}

function why(host) {
  const text = (plan && host.status !== "left_out") || host.status === "drifted" ? host.line || host.reason : host.reason;
  const cell = make("td", { role: "gridcell", class: "why" }, ...(plan ? tags(host) : []));
  cell.append(text || nothing(host));
  return cell;
}

function row(host, members, level) {
  const name = make("td", { role: "gridcell", class: "name" }, make("div", {}, make("b", {}, bare(host.name))));
  if (members) name.firstChild.append(make("small", {}, count(members.length, "host")));
  name.title = members ? `${count(members.length, "host")} with the same ${plan ? "plan" : "result"}` : host.name;
  const third = [...new Set((members || [host]).map(THIRD === "Proxy that wins" ? (h) => h.wins : (h) => h.batch || ""))].sort(byName.compare).join(", ");
  const node = make("tr", { role: "row", tabindex: "-1", "aria-level": level, "aria-expanded": "false" }, name,
    make("td", { role: "gridcell" }, make("span", { class: `pill ${tone(host.status)}` }, LABELS[host.status])),
    make("td", { role: "gridcell", class: "third" }, third),
    why(host));
  if (probed) node.append(make("td", { role: "gridcell", class: "cells" }, picture(host)));
  items.set(node, { host, members });
  return node;
}

function visible() {
  const text = chosen.text.trim().toLowerCase();
  const whole = /^".*"$/.test(text) ? text.slice(1, -1) : "";
  const parts = text.split(/\s+/).filter(Boolean);
  const matches = (h) => (whole ? h.search.split("\n").includes(whole) : parts.every((p) => h.search.includes(p)));
  return hosts.filter((h) => (!chosen.status.size || chosen.status.has(h.status))
    && (chosen.batch === "" || String(h.batch) === chosen.batch) && matches(h));
}

function draw() {
  const found = visible();
  const groups = new Map();
  for (const host of found) {
    const key = byId("grouped").checked ? host.key : host.name;
    if (groups.has(key)) groups.get(key).push(host); else groups.set(key, [host]);
  }
  const rows = [...groups.values()].map((members) => row(members[0], members.length > 1 ? members : null, 1));
  if (rows.length) rows[0].tabIndex = 0;
  const none = make("tr", {}, make("td", { class: "empty", colspan: TITLES.length }, "No host matches."));
  byId("matrix").tBodies[0].replaceChildren(...(rows.length ? rows : [none]));
  byId("shown").textContent = `${count(found.length, "host")}${rows.length < found.length ? ` in ${count(rows.length, "row")}` : ""}`;
}
