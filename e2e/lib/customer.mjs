// A mill's own PostgreSQL, which the product has never seen: another server, other tables.
import { spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { ROOT, scratch } from "./product.mjs";

// The role owns the tables, as a publication needs; it is no superuser.
const SCHEMA = `
  CREATE ROLE clarity LOGIN REPLICATION PASSWORD 'flour and water';
  GRANT CREATE ON DATABASE mill TO clarity;
  SET ROLE clarity;
  CREATE SCHEMA mill;
  CREATE TABLE mill.site (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE mill.stone (
    id int PRIMARY KEY,
    site_id int NOT NULL REFERENCES mill.site,
    name text NOT NULL,
    cut_at date,
    dressing jsonb
  );
  CREATE TABLE mill.reading (
    stone_id int NOT NULL REFERENCES mill.stone,
    at timestamptz NOT NULL,
    speed_rpm numeric(6, 2),
    flour_kg numeric(8, 3),
    PRIMARY KEY (stone_id, at)
  );
  INSERT INTO mill.site VALUES (1, 'Old mill');
  INSERT INTO mill.stone VALUES
    (1, 1, 'North stone', '2019-04-01', '{"grit": {"size": 30, "name": "burr"}}'),
    (2, 1, 'South stone', NULL, '{"grit": {"size": 46}}');
  INSERT INTO mill.reading
    SELECT stone, now() - minute * interval '1 minute', 120 + stone, 16.5 + minute / 8.0
    FROM generate_series(1, 2) stone, generate_series(1, 50) minute;
  RESET ROLE;
`;

/** The JDK that `./clarity` uses is named by it; only a JDK 25 runs the product. */
function java() {
  const homes = [process.env.JAVA_HOME, ...["/usr/lib/jvm"].flatMap(list)].filter(Boolean);
  const home = homes.find((path) => /25/.test(path));
  return home ? join(home, "bin", "java") : "java";
}

function list(directory) {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

export async function customerDatabase(name) {
  const home = scratch("clarity-customer-");
  const jar = join(ROOT, "embedded", "target", "embedded.jar");
  const server = spawn(java(), ["-Xmx64m", "-cp", jar, "io.claritystream.embedded.PostgresAlone", home], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const started = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    ended.then((code) => reject(new Error(`the customer's PostgreSQL ended with ${code}`)));
  });
  const connect = async (database) => {
    const client = new pg.Client({ ...started, database });
    await client.connect();
    return client;
  };
  const first = await connect("postgres");
  await first.query(`CREATE DATABASE ${name}`);
  await first.end();
  const client = await connect(name);
  await client.query(SCHEMA);
  const { rows } = await client.query(
    "SELECT (SELECT count(*) FROM mill.site) + (SELECT count(*) FROM mill.stone) + (SELECT count(*) FROM mill.reading) AS n",
  );
  return {
    host: started.host,
    port: started.port,
    name,
    user: "clarity",
    password: "flour and water",
    rows: Number(rows[0].n),
    query: (sql) => client.query(sql),
    close: async () => {
      await client.end();
      server.stdin.end();
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
