// A PostgreSQL that is not ours, with a database that everybody knows and one under load: every row
// is found, with the values that it has, also when agent and server are killed in the middle.
import assert from "node:assert/strict";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { debianPostgres, startDebianPostgres } from "../lib/debian-postgres.mjs";
import { accessToken, api, eventually, platformDatabase, READY, register } from "../lib/journey.mjs";
import { compare } from "../lib/oracle.mjs";
import { clarity, clarityRunning, ROOT, scratch } from "../lib/product.mjs";

const CHINOOK = join(
  ROOT, "..", "shared", "data", "cdc", "chinook",
  "ChinookDatabase", "DataSources", "Chinook_PostgreSql.sql",
);
const LOAD_SECONDS = 20;
const skip =
  (debianPostgres() === undefined && "no PostgreSQL of the distribution is installed") ||
  (!existsSync(CHINOOK) && "../shared/data is not there");

const person = { email: "grace@records.example", password: "vinyl and shellac 1948" };
const site = scratch("clarity records ");
let customer;
let agent;
let token;
let platform;
const databases = {};

before(async () => {
  if (skip) return;
  platform = await platformDatabase();
  customer = await startDebianPostgres();
  await customer.run("psql", ["-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres", "-f", CHINOOK]);
  await customer.run("createdb", ["-U", "postgres", "pgbench"]);
  await customer.run("pgbench", ["-q", "-i", "-s", "1", "-U", "postgres", "pgbench"]);
  for (const name of ["chinook", "pgbench"]) databases[name] = await customer.connect(name);
  await databases.chinook.query("CREATE ROLE clarity LOGIN REPLICATION PASSWORD 'needle'");
  for (const database of Object.values(databases)) {
    await database.query(`
      DO $$ DECLARE t regclass; BEGIN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO clarity', current_database());
        FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
          EXECUTE format('ALTER TABLE %s OWNER TO clarity', t);
        END LOOP;
      END $$`);
  }
  token = await register(person, "Grace", "Records");
});
after(async () => {
  await agent?.stop();
  for (const database of Object.values(databases)) await database.end();
  await customer?.close();
  await platform?.end();
  rmSync(site, { recursive: true, force: true });
});

async function sourceId(name) {
  const { body } = await api(token, "/v1/sources");
  return body.data.find((source) => source.name === name)?.id;
}

async function counted(name, sql) {
  const { rows } = await databases[name].query(sql);
  return Number(rows[0].n);
}

/** How many changes of each kind the platform has stored, all tables together. */
async function stored(name) {
  const { rows } = await platform.query(
    "SELECT table_name || ' ' || op AS what, count(*)::int AS n FROM bronze.cdc_events " +
      "WHERE source_id = $1 GROUP BY 1",
    [await sourceId(name)],
  );
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
}

async function assertEqual(name) {
  const report = await compare(databases[name], platform, await sourceId(name));
  for (const { table, entity, rows, shown, differences } of report) {
    console.log(`  ${name} ${table}: ${entity}, ${rows} rows, ${shown} compared`);
    assert.deepEqual(differences.slice(0, 5), [], table);
  }
  const dead = await api(token, "/v1/dead-letters");
  assert.deepEqual(dead.body.data, []);
  return report;
}

test("every row of Chinook and of pgbench is found after the first snapshot", { skip }, async () => {
  const code = await api(token, "/v1/agents/pairing-codes", { method: "POST", body: {} });
  assert.equal(code.status, 201, JSON.stringify(code.body));
  const paired = await clarity([
    "agent", "--data", site, "pair", code.body.code, "--server", READY.edge_url,
  ]);
  assert.equal(paired.code, 0, paired.err);
  const password = join(site, "password");
  writeFileSync(password, "needle");
  chmodSync(password, 0o600);
  for (const name of Object.keys(databases)) {
    const added = await clarity([
      "agent", "--data", site, "source", "add", name,
      "--host", customer.host, "--port", String(customer.port),
      "--database", name, "--user", "clarity", "--password-file", password,
    ]);
    assert.equal(added.code, 0, added.err + added.out);
  }
  agent = clarityRunning(["agent", "--data", site, "run"]);
  for (const name of Object.keys(databases)) {
    await eventually(
      `${name} streams`,
      async () => (await api(token, "/v1/sources")).body.data.find((each) => each.name === name),
      (source) => source?.state === "streaming",
      180,
    );
  }
  const report = await assertEqual("chinook");
  assert.equal(report.length, 11);
  assert.equal(
    report.reduce((sum, { rows }) => sum + rows, 0),
    15_607,
  );
  await eventually("accounts", () => stored("pgbench"), (n) => n["public.pgbench_accounts read"] === 100_000, 120);
  await assertEqual("pgbench");
});

test("and after changes, while agent and server are killed", { skip }, async () => {
  const before = await stored("chinook");
  const load = customer.run("pgbench", [
    "-n", "-c", "4", "-j", "2", "-T", String(LOAD_SECONDS), "-R", "400", "-U", "postgres", "pgbench",
  ]);
  await databases.chinook.query(`
    BEGIN;
    UPDATE track SET unit_price = unit_price + 0.10 WHERE genre_id = 1;
    UPDATE artist SET name = name || ' (remastered)' WHERE artist_id <= 50;
    DELETE FROM playlist_track WHERE playlist_id = 8;
    COMMIT`);
  await agent.kill();
  await databases.chinook.query(`
    UPDATE employee SET reports_to = NULL WHERE employee_id > 6;
    INSERT INTO playlist VALUES (1000, 'Größte Hits – 日本語 🎵');
    INSERT INTO playlist_track SELECT 1000, track_id FROM track WHERE track_id <= 500;
    UPDATE playlist SET name = NULL WHERE playlist_id = 17`);
  agent = clarityRunning(["agent", "--data", site, "run"]);
  await eventually("the agent is back", () => stored("chinook"), (now) => now["public.playlist insert"] === 1, 120);
  process.kill(READY.pids.server, "SIGKILL");
  await databases.chinook.query(`
    ALTER TABLE invoice_line DROP CONSTRAINT invoice_line_track_id_fkey;
    ALTER TABLE playlist_track DROP CONSTRAINT playlist_track_track_id_fkey;
    UPDATE track SET track_id = track_id + 100000 WHERE track_id > 3000;
    UPDATE playlist_track SET track_id = track_id + 100000 WHERE track_id > 3000;
    DELETE FROM invoice_line WHERE invoice_id % 7 = 0`);
  await load;
  const transactions = await counted("pgbench", "SELECT count(*) AS n FROM pgbench_history");
  assert.ok(transactions > 1_000, `pgbench did ${transactions} transactions only`);
  const bench = await eventually(
    "all of pgbench's changes",
    async () => {
      token = (await accessToken(person).catch(() => undefined)) ?? token;
      return stored("pgbench").catch((error) => ({ error: String(error) }));
    },
    (now) =>
      now["public.pgbench_history insert"] === transactions &&
      ["accounts", "tellers", "branches"].every(
        (table) => now[`public.pgbench_${table} update`] === transactions,
      ),
    240,
  );
  assert.equal(bench["public.pgbench_accounts read"], 100_000, "one snapshot only");
  const last = await counted("chinook", "SELECT count(*) AS n FROM invoice_line");
  await eventually(
    "all of Chinook's changes",
    () => stored("chinook"),
    (now) => now["public.invoice_line delete"] === 2_240 - last,
    120,
  );
  assert.equal(before["public.track read"], 3_503);
  await assertEqual("pgbench");
  await assertEqual("chinook");
});
