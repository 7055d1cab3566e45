// The one command itself: what it refuses, what it restarts, what it survives and how it ends.
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../lib/journey.mjs";
import { clarity, freePort, scratch, up } from "../lib/product.mjs";

const place = scratch("clarity up ");
const data = join(place, "data");
let port;
let product;

before(async () => {
  port = await freePort();
  product = await start();
});
after(async () => {
  await product?.stop();
  rmSync(place, { recursive: true, force: true });
});

function start() {
  return up("--data", data, "--port", String(port), "--no-demo");
}

const refused = (...args) => clarity(["up", "--no-demo", ...args]);

function alive(pid) {
  try {
    // A zombie has ended; whoever started it has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const answers = () =>
  fetch(`http://localhost:${port}/actuator/health/readiness`).then(
    (response) => response.status === 200,
    () => false,
  );

const oneSentence = (text) => assert.equal(text.trim().split("\n").length, 1, text);

test("a second up on the same data is refused, and says who holds it", async () => {
  const second = await refused("--data", data, "--port", String(await freePort()));
  assert.notEqual(second.code, 0);
  assert.match(second.err, new RegExp(`already runs on .*process ${product.ready.pids.up}`));
  oneSentence(second.err);
});

test("admin makes a person one of the platform's own, and says what is in the way", async () => {
  const body = {
    email: "grant@example.com",
    password: "a quiet morning in May",
    name: "G",
    organization: { name: "G", industry: "food-and-beverage", region: "eu-west" },
  };
  const made = await fetch(`http://localhost:${port}/v1/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(made.ok, await made.text());
  const granted = await clarity(["admin", "--data", data, "grant", body.email]);
  assert.equal(granted.code, 0, granted.err);
  assert.match(granted.out, /grant@example.com is internal_ops now/);

  const nobody = await clarity(["admin", "grant", "nobody@example.com", "--data", data]);
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /no account nobody@example.com/);
  oneSentence(nobody.err);

  const nowhere = await clarity(["admin", "--data", join(place, "nowhere"), "grant", body.email]);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /no installation in .*clarity up/);
  oneSentence(nowhere.err);
});

test("a taken port is named, with the option that chooses another", async () => {
  const holder = createServer();
  await new Promise((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const taken = holder.address().port;
  const second = await refused("--data", join(place, "other"), "--port", String(taken));
  holder.close();
  assert.notEqual(second.code, 0);
  assert.match(second.err, new RegExp(`Port ${taken} .*--port`));
});

test("a place that cannot be written to is named", async () => {
  const second = await refused("--data", "/proc/clarity", "--port", String(await freePort()));
  assert.notEqual(second.code, 0);
  assert.match(second.err, /\/proc\/clarity cannot be written to/);
  oneSentence(second.err);
});

for (const program of ["server", "edge", "postgres", "kafka"]) {
  test(`${program}, killed, is started again and the platform answers`, async () => {
    const seen = product.events.length;
    const before = product.events.findLast(
      (event) => event.event === "started" && event.program === program,
    ).pid;
    process.kill(before, "SIGKILL");
    await eventually(
      `${program} starts again`,
      async () => product.events.slice(seen),
      (events) => events.some((event) => event.event === "started" && event.program === program),
    );
    await eventually("the platform answers", answers, (ok) => ok);
  });
}

test("after kill -9 of every process, the next up is ready again", async () => {
  const pids = product.events.filter((event) => event.event === "started").map((event) => event.pid);
  for (const pid of [product.ready.pids.up, ...pids]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // One of those that were replaced above.
    }
  }
  product = await start();
  assert.equal(await answers(), true);
});

test("after kill -9 of the supervisor alone, its children end and the next up is ready", async () => {
  const children = Object.entries(product.ready.pids).filter(([name]) => name !== "up");
  process.kill(product.ready.pids.up, "SIGKILL");
  product = await start();
  assert.equal(await answers(), true);
  assert.deepEqual(
    children.filter(([, pid]) => alive(pid)),
    [],
  );
});

test("SIGTERM ends everything within ten seconds and leaves no process", async () => {
  const children = Object.entries(product.ready.pids);
  const begin = Date.now();
  const code = await product.stop();
  const took = Date.now() - begin;
  product = undefined;
  assert.equal(code, 143);
  assert.ok(took < 10_000, `${took} ms`);
  assert.deepEqual(
    children.filter(([, pid]) => alive(pid)),
    [],
  );
});

test("every command says what it does", async () => {
  const commands = {
    up: "--edge-port",
    dev: "Vite",
    test: "--only",
    bench: "freshness",
    agent: "pair CODE",
    admin: "grant EMAIL",
    reset: "--yes",
    format: "format",
  };
  for (const [command, word] of Object.entries(commands)) {
    const help = await clarity([command, "--help"]);
    assert.equal(help.code, 0, help.err);
    assert.ok(help.out.includes(`./clarity ${command}`) && help.out.includes(word), help.out);
  }
  const benches = await clarity(["bench"]);
  assert.equal(benches.code, 0);
  assert.deepEqual(
    benches.out.trim().split("\n").map((line) => line.trim().split(" ")[0]),
    ["startup", "freshness", "ingest", "cdc", "read", "maestro", "chaos", "maestro-chaos"],
  );
});

test("what is not known is named in one sentence, with the help that knows", async () => {
  for (const command of ["up", "dev", "test", "bench", "agent", "admin", "reset", "format"]) {
    const misused = await clarity([command, "--wat"]);
    assert.equal(misused.code, 2, `${command}: ${misused.err}`);
    assert.match(misused.err, /--wat.*--help|--help.*--wat/);
    oneSentence(misused.err);
  }
});

test("reset removes what it was told to, and nothing that is not ours", async () => {
  const foreign = await clarity(["reset", "--data", tmpdir(), "--yes"]);
  assert.notEqual(foreign.code, 0);
  assert.match(foreign.err, /nothing is removed/);
  const unconfirmed = await clarity(["reset", "--data", data]);
  assert.notEqual(unconfirmed.code, 0);
  assert.match(unconfirmed.err, /--yes/);
  const reset = await clarity(["reset", "--data", data, "--yes"]);
  assert.equal(reset.code, 0, reset.err);
  assert.match(reset.out, new RegExp(`Removed ${data}`));
});
