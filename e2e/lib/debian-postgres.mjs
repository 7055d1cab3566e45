// A PostgreSQL that is not the product's: the one that the machine's distribution installs.
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./product.mjs";

const PACKAGES = "/usr/lib/postgresql";

/** The directory of its programs, or undefined if none is installed. */
export function debianPostgres() {
  if (!existsSync(PACKAGES)) return undefined;
  return readdirSync(PACKAGES)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(PACKAGES, version, "bin"))
    .find((bin) => existsSync(join(bin, "pgbench")));
}

/** PostgreSQL does not run as root; the package brings a user of its own. */
function account() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Starts one of its own data, which ends and goes with `close`. */
export async function startDebianPostgres() {
  const bin = debianPostgres();
  const user = account();
  const home = mkdtempSync(join(tmpdir(), "clarity-debian-"));
  if (user.uid !== undefined) chownSync(home, user.uid, user.gid);
  const data = join(home, "data");
  const port = await freePort();
  const environment = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", PGHOST: home, PGPORT: String(port) };
  const options = { ...user, cwd: home, env: environment, stdio: ["ignore", "pipe", "pipe"] };

  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-N"], options);
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-k", home, "-h", "127.0.0.1", "-p", String(port), "-c", "wal_level=logical"],
    { ...options, stdio: ["ignore", "ignore", "ignore"] },
  );
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const connect = async (database, as = "postgres") => {
    const client = new pg.Client({ host: home, port, user: as, database });
    await client.connect();
    return client;
  };
  for (let tries = 0; ; tries++) {
    try {
      await (await connect("postgres")).end();
      break;
    } catch (error) {
      if (tries > 300 || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    host: "127.0.0.1",
    port,
    connect,
    /** Runs a program of the package against it, and gives what it printed. */
    run(program, args) {
      return new Promise((resolve, reject) => {
        const child = spawn(join(bin, program), args, options);
        let out = "";
        child.stdout.on("data", (chunk) => {
          out += chunk;
        });
        child.stderr.on("data", (chunk) => {
          out += chunk;
        });
        child.once("close", (code) =>
          code === 0 ? resolve(out) : reject(new Error(`${program} ended with ${code}: ${out}`)),
        );
      });
    },
    async close() {
      server.kill("SIGINT");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
