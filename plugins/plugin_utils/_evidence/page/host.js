// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// ---- One host, opened
const section = (title, ...children) => make("section", {}, make("h3", {}, title), ...children);

// The states of which this page tells, in the order in which they came about.
const SHOWN = { plan: ["before", "planned"], rollout: ["before", "planned", "now"], audit: ["now", "planned"], verify: ["now"] }[data.kind];
const SAID = { before: "Before", planned: data.kind === "audit" ? "Desired" : "Planned", now: "Now" };

function difference(host) {
  const states = SHOWN.map((name) => settingsOf(host[name]));
  const paths = [...new Set(states.flatMap((state) => [...state.keys()]))];
  if (!paths.length) return make("p", { class: "empty" }, "The settings are not known.");
  const value = (state, path) => (!state.size ? "unknown" : state.has(path) ? state.get(path) || "\u2013" : "");
  const line = (path) => {
    const found = states.map((state) => value(state, path));
    const mark = (text, i) => {
      if (text === "unknown" || found.every((other) => other === text)) return make("td", {}, text);
      if (!i) return make("td", { class: "minus" }, make("del", {}, text));
      return text === found[0] ? make("td", {}, text) : make("td", { class: "plus" }, make("ins", {}, text));
    };
    return make("tr", {}, make("td", {}, path), ...found.map(mark));
  };
  const titles = () => make("tr", {}, make("th", {}, "Setting"), ...SHOWN.map((name) => make("th", {}, SAID[name])));
  const differs = (path) => new Set(states.filter((state) => state.size).map((state) => value(state, path))).size > 1;
  const differing = paths.filter(differs);
  const same = paths.filter((path) => !differs(path));
  const node = make("div");
  if (data.kind === "rollout" && !states[2].size) node.append(make("p", { class: "empty" }, "It is not known what the endpoint holds now."));
  if (differing.length) node.append(make("table", { class: "diff" }, titles(), ...differing.map(line)));
  else if (SHOWN.length > 1) node.append(make("p", { class: "empty" }, "No setting differs."));
  const restored = host.status === "rolled_back" && states[2].size && paths.every((path) => value(states[2], path) === value(states[0], path));
  if (restored) node.append(make("p", { class: "empty" }, "What was written was taken back: the settings are those from before."));
  if (same.length) {
    const table = make("table", { class: "diff" }, titles(), ...same.map(line));
    node.append(make("details", {}, make("summary", {}, count(same.length, differing.length ? "other setting" : "setting")), table));
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
  fact("Restart", host.restart ? `needed: ${host.restart}` : plan && host.status === "would_change" ? "not needed" : "");
  if (data.kind === "rollout") {
    fact("Changed", host.changed ? "yes" : "no");
    fact("State", host.state);
  }
  fact(plan ? "Read" : "Started", when(host.started));
  fact("Finished", host.finished ? `${when(host.finished)} (${lasted(host.started, host.finished)})` : "");
  const list = (number) => make("ul", {}, ...texts(number).map((t) => make("li", {}, t)));
  const events = [];
  for (let i = 0; i < host.history.length; i += 3) {
    const [time, event, text] = host.history.slice(i, i + 3).map((n) => words[n]);
    events.push(make("li", {}, make("code", {}, time.slice(11, 19)), ` ${event}: ${text}`));
  }
  const node = make("div", { class: "panel", role: "group", "aria-label": `Details of ${host.name}` });
  node.append(make("p", { class: "say all" }, make("b", {}, host.name), why(host).textContent && !plan ? ` \u2013 ${why(host).textContent}` : ""));
  const left = make("div", { class: "stack" });
  if (host.status !== "left_out") left.append(section(`Settings: ${SHOWN.map((name) => SAID[name].toLowerCase()).join(", ")}`, difference(host)));
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
