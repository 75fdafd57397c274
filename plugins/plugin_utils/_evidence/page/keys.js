// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
function open(node) {
  const { host, members } = items.get(node);
  node.setAttribute("aria-expanded", "true");
  if (members) node.after(...members.map((member) => row(member, null, 2)));
  else node.after(make("tr", { class: "more" }, make("td", { class: "detail", colspan: TITLES.length }, panel(host))));
}

function close(node) {
  node.setAttribute("aria-expanded", "false");
  const grouped = items.get(node).members;
  const mine = (next) => next && (next.className === "more" || (grouped && next.getAttribute("aria-level") === "2"));
  while (mine(node.nextElementSibling)) node.nextElementSibling.remove();
}

const isOpen = (node) => node.getAttribute("aria-expanded") === "true";
const toggle = (node) => (isOpen(node) ? close(node) : open(node));

// ---- Keys and mouse
function focus(node) {
  if (!node) return;
  const body = byId("matrix").tBodies[0];
  for (const old of body.querySelectorAll('tr[tabindex="0"]')) old.tabIndex = -1;
  node.tabIndex = 0;
  node.focus();
}

function onRowKey(event) {
  const node = event.target;
  if (!items.has(node) || event.ctrlKey || event.altKey || event.metaKey) return;
  const rows = [...byId("matrix").tBodies[0].querySelectorAll("tr[aria-level]")];
  const at = rows.indexOf(node);
  const last = rows.length - 1;
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + 15, PageUp: at - 15 };
  if (event.key in moves) focus(rows[Math.min(Math.max(moves[event.key], 0), last)]);
  else if (event.key === "Enter" || event.key === " ") toggle(node);
  else if (event.key === "ArrowRight") isOpen(node) || open(node);
  else if (event.key === "ArrowLeft") {
    if (isOpen(node)) close(node);
    else if (node.getAttribute("aria-level") === "2") focus(rows.slice(0, at).reverse().find((r) => r.getAttribute("aria-level") === "1"));
  } else return;
  event.preventDefault();
}

function tip(event) {
  const node = event.target.closest && event.target.closest("td.cells");
  const line = node && items.get(node.parentElement);
  const box = byId("tip");
  const at = node ? Math.floor((event.clientX - node.querySelector("svg").getBoundingClientRect().left) / CELL) : -1;
  const cell = line && line.host.cells.find((c) => c.column === at);
  box.hidden = !cell;
  if (!cell) return;
  box.textContent = `${columns[at][0]}\npath ${columns[at][1]}: ${cell.verdict}${cell.reason && cell.reason !== cell.verdict ? `, ${cell.reason}` : ""}`;
  box.style.left = `${Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 12)}px`;
  box.style.top = `${Math.min(event.clientY + 16, innerHeight - box.offsetHeight - 12)}px`;
}

function legend() {
  for (const [verdict, text] of [["ok", "reached"], ["failed", "failed"], ["unknown", "not known"], ["skipped", "not asked"]]) {
    const sample = drawing([{ column: 0, verdict }], 1);
    sample.setAttribute("aria-hidden", "true");
    byId("legend").append(make("i", {}, sample, text));
  }
}

function wire() {
  const filter = byId("filter");
  filter.addEventListener("input", () => { chosen.text = filter.value; draw(); });
  byId("batch").addEventListener("change", () => { chosen.batch = byId("batch").value; draw(); });
  byId("grouped").addEventListener("change", draw);
  byId("print").addEventListener("click", () => window.print());
  const body = byId("matrix").tBodies[0];
  body.addEventListener("click", (event) => {
    const node = event.target.closest("tr[aria-level]");
    if (node && !String(getSelection())) { focus(node); toggle(node); }
  });
  body.addEventListener("keydown", onRowKey);
  body.addEventListener("mousemove", tip);
  body.addEventListener("mouseleave", () => { byId("tip").hidden = true; });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "/" && !typing) { event.preventDefault(); filter.focus(); filter.select(); }
    else if (event.key === "Escape" && filter.value) { filter.value = ""; chosen.text = ""; draw(); }
    else if (event.key === "ArrowDown" && event.target === filter) { event.preventDefault(); focus(body.querySelector("tr[aria-level]")); }
  });
  const measure = () => byId("scroll").style.setProperty("--port", `${byId("scroll").clientWidth}px`);
  new ResizeObserver(measure).observe(byId("scroll"));
}
