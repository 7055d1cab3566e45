// What every journey needs: a browser of its own, an API client, and patience that waits for signs.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import pg from "pg";
import { launch, SIZES } from "./browser.mjs";
import { ROOT } from "./product.mjs";

export const URL = process.env.CLARITY_URL;
export const READY = JSON.parse(process.env.CLARITY_READY ?? "{}");
const PICTURES = join(ROOT, "e2e", "target", "pictures");

/** A browser, and pages in it that fail the journey when the app itself reports an error. */
export async function openBrowser() {
  const browser = await launch();
  const faults = [];
  return {
    faults,
    async page({ size = "desktop", theme = "light", storageState } = {}) {
      const context = await browser.newContext({
        baseURL: URL,
        locale: "en-US",
        timezoneId: "Europe/Berlin",
        viewport: SIZES[size],
        hasTouch: size === "phone",
        colorScheme: theme,
        reducedMotion: "reduce",
        storageState,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
      return page;
    },
    async close() {
      await browser.close();
    },
  };
}

export async function picture(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** No rule of WCAG 2.1 A and AA that axe knows is broken on the page. */
export async function assertAccessible(page) {
  const found = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"])
    .analyze();
  assert.deepEqual(
    found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" | ")}`),
    [],
    `accessibility of ${page.url()}`,
  );
}

/** Asks again until the answer satisfies, at most for `seconds`. */
export async function eventually(what, ask, satisfied, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  let answer;
  for (;;) {
    answer = await ask();
    if (satisfied(answer)) return answer;
    if (Date.now() > end) {
      assert.fail(`${what}: not within ${seconds} s; last seen ${JSON.stringify(answer)?.slice(0, 500)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export function demoPerson() {
  return {
    email: READY.demo.email,
    password: readFileSync(READY.demo.password_file, "utf8").trim(),
  };
}

export async function signIn(page, { email, password }) {
  await page.goto("/auth");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/app\/overview/);
}

/** The API as a program uses it: with bearer tokens. */
export async function api(token, path, { method = "GET", body } = {}) {
  const response = await fetch(`${URL}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

export async function accessToken({ email, password }) {
  const { body } = await api(null, "/v1/auth/login", { method: "POST", body: { email, password } });
  return body.access_token;
}

/** Signs somebody up with a workspace of their own, and gives their access token. */
export async function register({ email, password }, name, organization) {
  const { body: options } = await api(null, "/v1/auth/options");
  const { status, body } = await api(null, "/v1/auth/register", {
    method: "POST",
    body: {
      email,
      password,
      name,
      organization: {
        name: organization,
        industry: options.industries[0].id,
        region: options.regions[0].id,
      },
    },
  });
  assert.equal(status, 201, JSON.stringify(body));
  return accessToken({ email, password });
}

/** The demo plant's database, as its owner. End it. */
export async function plantDatabase(data = process.env.CLARITY_DATA) {
  const read = (...path) => readFileSync(join(data, "demo", ...path), "utf8").trim();
  const client = new pg.Client({
    host: "127.0.0.1",
    port: Number(read("source")),
    user: "plant_owner",
    password: read("plant.password"),
    database: "plant",
  });
  await client.connect();
  return client;
}

/** The platform's own database, past all roles. End it. */
export async function platformDatabase(data = process.env.CLARITY_DATA) {
  const properties = readFileSync(join(data, "server", "server.properties"), "utf8");
  const client = new pg.Client({
    host: "127.0.0.1",
    port: Number(/127\.0\.0\.1\\?:(\d+)\/clarity/.exec(properties)[1]),
    user: "postgres",
    password: readFileSync(join(data, "postgres", "password"), "utf8").trim(),
    database: "clarity",
  });
  await client.connect();
  return client;
}
