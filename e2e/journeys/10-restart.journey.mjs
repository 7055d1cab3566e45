// An installation with its demo, stopped and started: the source goes on where it was, and nothing
// is copied from the customer's database a second time.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, platformDatabase } from "../lib/journey.mjs";
import { freePort, scratch, up } from "../lib/product.mjs";

const place = scratch("clarity restart ");
const data = join(place, "data");
let port;
let product;

before(async () => {
  port = await freePort();
});
after(async () => {
  await product?.stop();
  rmSync(place, { recursive: true, force: true });
});

/** Starts it, and waits until the demo's agent says that it streams. */
async function live() {
  product = await up("--data", data, "--port", String(port), "--edge-port", String(edgePort));
  const demo = await eventually(
    "the demo says how it is",
    async () => product.events.find((event) => event.event === "demo"),
    (event) => event !== undefined,
    300,
  );
  assert.equal(demo.state, "live", demo.reason);
}

/** Asks the platform's own database. */
async function platform(sql) {
  const client = await platformDatabase(data);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const newest = async () =>
  (
    await platform(
      "SELECT max(epoch) AS epoch, coalesce(max(seq) FILTER (WHERE op <> 'read'), -1)::text AS seq FROM bronze.cdc_events",
    )
  )[0];

/** What a second snapshot, or a source taken for another one, would change. */
const copied = () =>
  platform(
    "SELECT source_id, epoch, table_name, count(*)::int AS rows FROM bronze.cdc_events WHERE op = 'read' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
  );

const sources = () => platform("SELECT source_id, epoch FROM control.source ORDER BY source_id");

let edgePort;
let seenSources;
let seenCopies;
let seenSeq;

test("the demo's data is copied once, and its changes follow", async () => {
  edgePort = await freePort();
  await live();
  // A change comes after all that was copied.
  const { seq } = await eventually("a change is durable", newest, (now) => Number(now.seq) >= 0, 120);
  seenSeq = Number(seq);
  seenSources = await sources();
  seenCopies = await copied();
  assert.equal(seenSources.length, 1);
  assert.ok(seenCopies.length > 0);
});

for (const time of ["first", "second"]) {
  test(`a ${time} stop and start goes on in the same epoch and copies nothing again`, async () => {
    await product.stop();
    product = undefined;
    await live();
    const { seq } = await eventually(
      "new changes are durable",
      newest,
      (now) => Number(now.seq) > seenSeq || now.epoch !== seenSources[0].epoch,
      120,
    );
    seenSeq = Number(seq);
    assert.deepEqual(await sources(), seenSources);
    assert.deepEqual(await copied(), seenCopies);
  });
}
