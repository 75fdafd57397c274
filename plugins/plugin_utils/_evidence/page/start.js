// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
for (const node of document.querySelectorAll(plan ? ".of-rollout" : ".of-plan")) node.remove();
if (data.kind === "audit") for (const node of document.querySelectorAll(".of-asked")) node.hidden = true;
head();
tiles();
if (plan) showPlan();
else {
  story();
  if (data.kind !== "audit") {
    batchTable();
    urlTable();
    legend();
  }
}
matrixHead();
draw();
wire();
document.documentElement.dataset.ready = "1";
