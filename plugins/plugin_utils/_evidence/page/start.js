// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
for (const node of document.querySelectorAll(plan ? ".of-rollout" : ".of-plan")) node.remove();
head();
tiles();
changeTable();
if (plan) showPlan();
else causeTable();
if (probed) {
  batchTable();
  urlTable();
  if (!batches.some(Boolean)) byId("batches").closest("section").remove();
  legend();
} else if (!plan) for (const id of ["reach", "legend"]) byId(id).remove();
byId("batch").closest("label").hidden = !plan && batches.length < 2;
matrixHead();
draw();
wire();
document.documentElement.dataset.ready = "1";
