// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
const data = JSON.parse(document.getElementById("data").textContent);
const { words, columns, lists } = data;
const LABELS = {
  ok: "OK", rolled_back: "Rolled back", unverified: "Unverified", failed: "Failed", open: "Not finished",
  would_change: "Would change", no_change: "No change", left_out: "Left out",
  as_desired: "As desired", drifted: "Drifted", defeated: "Defeated", unread: "Not read", reached: "Reached", not_reached: "Not reached",
};
const WORST = ["failed", "unverified", "rolled_back", "open", "unread", "not_reached", "drifted", "defeated", "would_change", "left_out",
  "ok", "as_desired", "reached", "no_change"];
const TONES = { as_desired: "ok", reached: "ok", drifted: "rolled_back", defeated: "unverified", unread: "failed", not_reached: "failed" };
const tone = (status) => `t-${TONES[status] || status}`;
const KINDS = { plan: "Plan", rollout: "Rollout evidence", audit: "Audit", verify: "Verification" };
const good = data.statuses[0];
const CELL = 13;
const plan = data.kind === "plan";

// One object per host, from the arrays that _page.py writes.
const cells = data.cells.map((c) => ({
  column: c[0], via: words[c[1]], verdict: words[c[2]], reason: words[c[3]], by: words[c[4]], status: words[c[5]],
  error: words[c[6]], required: words[c[7]] !== "false", advice: words[c[8]],
}));
const hosts = data.hosts.map((h) => ({
  name: h[0], batch: h[1], status: data.statuses[h[2]], reason: h[3], changed: h[4] === 1, state: h[5], started: h[6],
  finished: h[7], before: h[8], planned: h[9], now: h[10], changes: h[11], wins: words[h[12]], commands: h[13],
  snapshot: h[14], warnings: h[15], findings: h[16], causes: h[17], history: h[18], rows: h[19], restart: words[h[20]],
}));
// What all names end with is said once, in the head of the matrix.
const suffix = (() => {
  const first = hosts.length > 1 ? hosts[0].name : "";
  const dot = first.indexOf(".");
  const end = dot > 0 ? first.slice(dot) : "";
  return end && hosts.every((h) => h.name.endsWith(end) && h.name.length > end.length) ? end : "";
})();
const order = columns.map((_, i) => i);
const several = new Set(columns.map((c) => c[1])).size > 1;
const names = new Map();
for (const url of new Set(columns.map((c) => c[0]))) {
  const name = url.replace(/^https?:\/\//, "").replace(/\/.*/, "");
  names.set(name, (names.get(name) || 0) + 1);
}
const short = (url) => url.replace(/^https?:\/\//, "").replace(/\/$/, "");
const rank = (h) => WORST.indexOf(h.status);
const byName = new Intl.Collator("en", { numeric: true });
hosts.sort((a, b) => rank(a) - rank(b) || byName.compare(a.name, b.name));

const causesOf = (host) => lists[host.causes].map((n) => `${LABELS[host.status]}: ${words[n]}`);
const signatures = new Map();
const failures = columns.map(() => ({ hosts: 0, reasons: new Map() }));
for (const host of hosts) {
  const own = host.rows.filter((_, i) => i % 2 === 0);
  const key = own.join();
  if (!signatures.has(key)) signatures.set(key, own.map((n) => cells[n]));
  host.cells = signatures.get(key);
  const failed = host.cells.filter((c) => c.verdict === "failed");
  for (const cell of failed) {
    const failure = failures[cell.column];
    failure.hosts += 1;
    failure.reasons.set(cell.reason, (failure.reasons.get(cell.reason) || 0) + 1);
  }
  // Hosts are one row where nothing of how they ended differs.
  host.key = [host.status, host.state, host.reason, host.changed, host.warnings, host.restart, host.findings, key,
    ...(data.kind === "audit" ? [host.planned, host.now] : [])].join("\n");
  host.search = [host.name, host.reason, LABELS[host.status], host.restart && "restart due", ...causesOf(host),
    ...failed.map((c) => `${columns[c.column][0]} ${c.reason}`)].join("\n").toLowerCase();
}

const byId = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};
const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const when = (text) => (text ? `${text.slice(0, 10)} ${text.slice(11, 19)} UTC` : "");
const lasted = (from, to) => {
  if (!from || !to) return "";
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  return seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
};
const tally = (some) => WORST.map((s) => [s, some.filter((h) => h.status === s).length]).filter(([, n]) => n);
const bar = (some, node) => {
  for (const [status, n] of tally(some).reverse()) {
    const part = make("i", { class: tone(status) });
    part.style.flexGrow = n;
    node.append(part);
  }
  return node;
};
const texts = (number) => lists[number].map((n) => words[n]);
// The settings of a state by their names, in the words of _words.py.
const settingsOf = (number) => {
  const flat = texts(number);
  return new Map(flat.filter((_, i) => i % 2 === 0).map((path, i) => [path, flat[2 * i + 1]]));
};
