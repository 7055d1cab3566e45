// Starts the packaged product as a person would, with its one command, and stops it again.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export const SCRATCH = join(ROOT, "e2e", "target", "scratch");

/** A directory of a journey's own; what a killed journey leaves goes when the next run begins. */
export function scratch(name) {
  mkdirSync(SCRATCH, { recursive: true });
  return mkdtempSync(join(SCRATCH, name));
}

export async function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Runs `./clarity up` until it says that it is ready.
 *
 * @returns {Promise<{ready: object, events: object[], stop: () => Promise<number>}>}
 */
export async function up(...args) {
  const child = spawn(join(ROOT, "clarity"), ["up", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const events = [];
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      let event;
      try {
        event = JSON.parse(line);
      } catch {
        reject(new Error(`not a line of JSON: ${line}`));
        return;
      }
      events.push(event);
      if (event.event === "ready") resolve(event);
    });
    ended.then((code) =>
      reject(new Error(`ended with ${code} before it was ready: ${JSON.stringify(events)}`)),
    );
  });
  const stop = async () => {
    child.kill("SIGTERM");
    return ended;
  };
  try {
    return { ready: await ready, events, stop };
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  }
}

/** Runs a command of the product to its end and gives what it printed. */
export function clarity(args, { env = {}, input = "" } = {}) {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, "clarity"), args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.once("close", (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

/** Leaves a command of the product running. Stop it. */
export function clarityRunning(args) {
  const child = spawn(join(ROOT, "clarity"), args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const end = (signal) => async () => {
    child.kill(signal);
    await ended;
  };
  return { stop: end("SIGTERM"), kill: end("SIGKILL") };
}
