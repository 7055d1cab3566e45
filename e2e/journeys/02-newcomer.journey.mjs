// A newcomer with a database of their own: sign up, pair an agent, see the rows.
import assert from "node:assert/strict";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { customerDatabase } from "../lib/customer.mjs";
import {
  accessToken,
  api,
  assertAccessible,
  eventually,
  openBrowser,
  picture,
  register,
} from "../lib/journey.mjs";
import { clarity, clarityRunning, scratch } from "../lib/product.mjs";

const person = { email: "ada@mill.example", password: "grain and water 1871" };
const site = scratch("clarity site ");
let browser;
let database;
let agent;

before(async () => {
  browser = await openBrowser();
  database = await customerDatabase("mill");
});
after(async () => {
  await agent?.stop();
  await database?.close();
  await browser.close();
  rmSync(site, { recursive: true, force: true });
});

test("signing up says what is wrong, and then opens an empty workspace", async () => {
  const page = await browser.page();
  await page.goto("/");
  await page.getByRole("link", { name: /Create|Sign up/ }).first().click();
  await page.getByLabel("Your name").fill("Ada Miller");
  await page.getByLabel("Work email").fill("ada@");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByLabel("Workspace").fill("Miller & Sons");
  await page.getByText("Enter an email like name@company.com.").waitFor();
  await page.getByText(/at least 12 characters/i).first().waitFor();
  await assertAccessible(page);
  await page.getByLabel("Work email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByLabel("Industry").selectOption({ index: 1 });
  await page.getByLabel("Region").selectOption({ index: 1 });
  await page.getByRole("button", { name: /Create/ }).click();
  await page.waitForURL(/\/app\/overview/);
  await page.getByText("Nothing streams here yet").waitFor();
  await assertAccessible(page);
  await picture(page, "overview-empty");
  await page.context().close();
});

test("a paired agent appears by itself, and its rows are found", async () => {
  const page = await browser.page();
  await page.goto("/auth?next=/app/data-sources");
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/app\/data-sources/);
  await page.getByRole("button", { name: "Pair an agent" }).first().click();
  const dialog = page.getByRole("dialog");
  const command = await eventually(
    "the command",
    () => dialog.innerText(),
    (text) => /agent pair \S+ --server \S+/.test(text),
  );
  await assertAccessible(page);
  const [, code, server] = command.match(/agent pair (\S+) --server (\S+)/);

  const paired = await clarity(["agent", "--data", site, "pair", code, "--server", server]);
  assert.equal(paired.code, 0, paired.err);
  await eventually(
    "the dialog sees the agent",
    () => dialog.innerText(),
    (text) => /paired/i.test(text),
  );
  await page.keyboard.press("Escape");

  const again = await clarity(["agent", "--data", `${site} 2`, "pair", code, "--server", server]);
  assert.notEqual(again.code, 0);
  assert.match(again.err, /used|new code/i);

  const password = join(site, "password");
  writeFileSync(password, database.password);
  chmodSync(password, 0o600);
  const added = await clarity([
    "agent", "--data", site, "source", "add", "mill",
    "--host", database.host, "--port", String(database.port),
    "--database", database.name, "--user", database.user, "--password-file", password,
  ]);
  assert.equal(added.code, 0, added.err + added.out);
  agent = clarityRunning(["agent", "--data", site, "run"]);

  const token = await accessToken(person);
  await eventually(
    "the snapshot's rows",
    async () => (await api(token, "/v1/events?op=read&limit=1000")).body.data.length,
    (rows) => rows === database.rows,
  );
  await database.query(
    "INSERT INTO mill.reading(stone_id, at, speed_rpm, flour_kg) VALUES (1, now(), 121.5, 17.25)",
  );
  const [event] = await eventually(
    "the new row",
    async () => (await api(token, "/v1/events?op=insert")).body.data,
    (events) => events.length === 1,
  );
  assert.equal(event.table, "mill.reading");
  assert.equal(event.payload.after.flour_kg, 17.25);
  const devices = await eventually(
    "the stones are devices",
    async () => (await api(token, "/v1/devices")).body.data,
    (found) => found.length === 2,
  );
  assert.ok(devices.some((device) => device.name === "North stone"));
  await page.goto("/app/overview");
  await page.getByText("North stone").first().waitFor();
  await picture(page, "overview-own-database");
  await page.goto("/app/data-sources");
  await page.getByText("mill", { exact: true }).first().waitFor();
  await assertAccessible(page);
  await page.context().close();
});

test("nobody else sees any of it", async () => {
  const other = { email: "eve@elsewhere.example", password: "another long password" };
  const token = await register(other, "Eve", "Elsewhere");
  for (const path of ["/v1/events", "/v1/devices", "/v1/sources", "/v1/agents", "/v1/extras"]) {
    const { status, body } = await api(token, path);
    assert.equal(status, 200, path);
    assert.deepEqual(body.data, [], path);
  }
  const mine = await accessToken(person);
  const { body: sources } = await api(mine, "/v1/sources");
  const { status } = await api(token, `/v1/sources/${sources.data[0].id}`);
  assert.equal(status, 404);
});

test("the pages raised no error in the browser", () => {
  assert.deepEqual(browser.faults, []);
});
