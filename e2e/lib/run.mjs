// Starts the product once, runs every journey against it, and stops it.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort, ROOT, SCRATCH, up } from "./product.mjs";

const target = join(ROOT, "e2e", "target");
const data = join(target, "data with blanks");
const journeys = readdirSync(join(ROOT, "e2e", "journeys"))
  .filter((name) => name.endsWith(".journey.mjs"))
  .filter((name) => process.argv.length < 3 || process.argv.slice(2).some((part) => name.includes(part)))
  .sort()
  .map((name) => join(ROOT, "e2e", "journeys", name));

rmSync(data, { recursive: true, force: true });
rmSync(SCRATCH, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const port = await freePort();
const product = await up("--data", data, "--port", String(port));
let code = 1;
try {
  const tests = spawn(
    process.execPath,
    [
      "--test",
      "--test-concurrency=1",
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=junit",
      `--test-reporter-destination=${join(target, "e2e-junit.xml")}`,
      ...journeys,
    ],
    {
      stdio: "inherit",
      env: {
        ...process.env,
        CLARITY_URL: product.ready.url,
        CLARITY_DATA: data,
        CLARITY_READY: JSON.stringify(product.ready),
      },
    },
  );
  code = await new Promise((resolve) => tests.once("exit", resolve));
} finally {
  await product.stop();
}
process.exit(code ?? 1);
