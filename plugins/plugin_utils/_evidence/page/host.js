// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- One host, opened
const section = (title, ...children) => make("section", {}, make("h3", {}, title), ...children);

function difference(host) {
  const before = settingsOf(host.before), after = settingsOf(host.after);
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  if (!paths.length) return make("p", { class: "empty" }, "The settings are not known.");
  const line = (path, differs) => {
    const [old, now] = [before.get(path), after.get(path)].map((v) => (v === undefined ? "" : v === "" ? "\u2013" : v));
    return make("tr", {}, make("td", {}, path), make("td", { class: differs ? "minus" : "" }, differs ? make("del", {}, old) : old),
      make("td", { class: differs ? "plus" : "" }, differs ? make("ins", {}, now) : now));
  };
  const titles = () => make("tr", {}, make("th", {}, "Setting"), make("th", {}, data.kind === "audit" ? "Now" : "Before"),
    make("th", {}, plan ? "Planned" : data.kind === "audit" ? "Wanted" : "Now"));
  const differing = paths.filter((p) => before.get(p) !== after.get(p));
  const same = paths.filter((p) => before.get(p) === after.get(p));
  const node = make("div");
  if (!after.size) node.append(make("p", { class: "empty" }, "The settings that the host has now are not known."));
  if (differing.length) node.append(make("table", { class: "diff" }, titles(), ...differing.map((p) => line(p, after.size > 0))));
  else node.append(make("p", { class: "empty" }, host.status === "rolled_back"
    ? "What was written was taken back: the settings are those from before." : data.kind === "audit" ? "The settings are as wanted." : "The settings are the same as before."));
  if (same.length) {
    node.append(make("details", {}, make("summary", {}, `${count(same.length, "setting")} without a change`),
      make("table", { class: "diff" }, titles(), ...same.map((p) => line(p, false)))));
  }
  return node;
}

function requests(host) {
  const lines = host.cells.map((cell, i) => ({ cell, ms: host.rows[2 * i + 1] }))
    .sort((a, b) => ["failed", "unknown", "ok", "skipped"].indexOf(a.cell.verdict) - ["failed", "unknown", "ok", "skipped"].indexOf(b.cell.verdict));
  const tones = { ok: "ok", failed: "failed", unknown: "unverified", skipped: "open" };
  const titles = ["URL", "Path", "Via", "Verdict", "Reason", "Status", "Answered by", "ms", "What to do"];
  return make("table", { class: "requests" }, make("tr", {}, ...titles.map((t) => make("th", { class: t === "ms" ? "num" : "" }, t))),
    ...lines.map(({ cell, ms }) => make("tr", {},
      make("td", {}, short(columns[cell.column][0]), cell.required ? "" : " (optional)"), make("td", {}, columns[cell.column][1]),
      make("td", {}, cell.via), make("td", {}, make("span", { class: `pill t-${tones[cell.verdict] || "open"}` }, cell.verdict)),
      make("td", {}, cell.reason), make("td", {}, cell.status === "0" ? cell.error : cell.status), make("td", {}, cell.by),
      make("td", { class: "num" }, String(ms)), make("td", {}, cell.advice))));
}

function panel(host) {
  const facts = make("dl");
  const fact = (name, value) => value && facts.append(make("dt", {}, name), make("dd", {}, value));
  fact(plan ? "Change" : "Batch", host.batch ? String(host.batch) : "");
  if (plan) fact("Restart", host.status !== "would_change" ? "" : host.restart ? `needed: ${host.reason}` : "not needed");
  else fact("Changed", host.changed ? "yes" : "no");
  if (!plan) fact("State", host.state);
  fact(plan ? "Read" : "Started", when(host.started));
  fact("Finished", host.finished ? `${when(host.finished)} (${lasted(host.started, host.finished)})` : "");
  const list = (number) => make("ul", {}, ...texts(number).map((t) => make("li", {}, t)));
  const events = [];
  for (let i = 0; i < host.history.length; i += 3) {
    const [time, event, text] = host.history.slice(i, i + 3).map((n) => words[n]);
    events.push(make("li", {}, make("code", {}, time.slice(11, 19)), ` ${event}: ${text}`));
  }
  const node = make("div", { class: "panel", role: "group", "aria-label": `Details of ${host.name}` });
  node.append(make("p", { class: "say all" }, make("b", {}, host.name), host.reason && !host.restart ? ` \u2013 ${host.reason}` : ""));
  const left = make("div", { class: "stack" });
  if (host.status !== "left_out") left.append(section(plan ? "Settings before and as planned" : data.kind === "audit" ? "Settings now and as wanted" : "Settings before and now", difference(host)));
  if (lists[host.commands].length) left.append(section(plan ? "Commands that would run" : "Commands", make("pre", {}, texts(host.commands).join("\n"))));
  const right = make("div", { class: "stack" }, section("Host", facts));
  if (lists[host.warnings].length) right.append(section("Warnings", list(host.warnings)));
  if (lists[host.findings].length) right.append(section("Findings", list(host.findings)));
  if (events.length) right.append(section("History", make("ol", {}, ...events)));
  if (lists[host.snapshot].length) {
    right.append(section("Snapshot", make("details", {}, make("summary", {}, `${count(lists[host.snapshot].length, "value")} to restore`),
      make("pre", {}, texts(host.snapshot).join("\n")))));
  }
  node.append(left, right);
  if (host.cells.length) node.append(make("div", { class: "all" }, section("Reachability", requests(host))));
  return node;
}
