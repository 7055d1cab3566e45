// A real Chromium from an npm package: no browser needs to be installed on the machine.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { chromium as playwright } from "playwright-core";

const require = createRequire(import.meta.url);
const home = join(dirname(new URL(import.meta.url).pathname), "..", "target", "chromium");

/** Unpacks the browser, the libraries and the fonts it ships with, once. */
function unpack() {
  if (existsSync(join(home, "ready"))) return;
  const bin = join(dirname(require.resolve("@sparticuz/chromium")), "..", "bin");
  const fresh = `${home}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const inflate = (name) => brotliDecompressSync(readFileSync(join(bin, name)));
  writeFileSync(join(fresh, "chromium"), inflate("chromium.br"), { mode: 0o755 });
  for (const name of ["al2023.tar.br", "swiftshader.tar.br", "fonts.tar.br"]) {
    if (!existsSync(join(bin, name))) continue;
    execFileSync("tar", ["-x", "-C", fresh], { input: inflate(name) });
  }
  writeFileSync(
    join(fresh, "fonts.conf"),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${join(home, "fonts")}</dir><cachedir>${join(home, "cache")}</cachedir></fontconfig>\n`,
  );
  writeFileSync(join(fresh, "ready"), "");
  rmSync(home, { recursive: true, force: true });
  renameSync(fresh, home);
}

/** A browser with an empty profile. Close it. */
export async function launch() {
  unpack();
  return playwright.launch({
    executablePath: join(home, "chromium"),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
    env: {
      ...process.env,
      HOME: tmpdir(),
      LD_LIBRARY_PATH: [join(home, "al2023", "lib"), join(home, "lib"), process.env.LD_LIBRARY_PATH]
        .filter(Boolean)
        .join(":"),
      FONTCONFIG_PATH: home,
    },
  });
}

export const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
};
