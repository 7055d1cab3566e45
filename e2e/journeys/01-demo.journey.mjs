// The first minutes of somebody who typed `./clarity up`: sign in, and the plant moves.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accessToken,
  api,
  assertAccessible,
  demoPerson,
  eventually,
  openBrowser,
  picture,
  signIn,
} from "../lib/journey.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
});

test("the demo plant moves on the overview without a reload", async () => {
  const page = await browser.page();
  await signIn(page, demoPerson());
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  const figures = page.getByRole("region", { name: "Key figures" });
  await figures.waitFor({ timeout: 90_000 });
  const before = await figures.innerText();
  await eventually(
    "the key figures change",
    () => figures.innerText(),
    (text) => text.replace(/\d+ (s|min) ago/g, "") !== before.replace(/\d+ (s|min) ago/g, ""),
  );
  await page.getByText(/^Live, newest reading/).waitFor();
  const sites = page.getByRole("region", { name: "Devices by site" });
  await eventually(
    "all three sites",
    () => sites.getByRole("heading").count(),
    (count) => count === 3,
  );
  await picture(page, "overview-desktop-light");
  await assertAccessible(page);
  await page.context().close();
});

test("the plant has 3 sites and 60 devices, and its history reaches back a day", async () => {
  const token = await accessToken(demoPerson());
  const devices = await eventually(
    "all devices",
    async () => (await api(token, "/v1/devices?limit=1000")).body,
    (body) => body.data.length === 60,
  );
  assert.equal(new Set(devices.data.map((device) => device.site_id)).size, 3);
  const { body: metrics } = await api(token, "/v1/metrics");
  const key = metrics.data[0].key;
  const to = new Date();
  const from = new Date(to.getTime() - 24 * 3600 * 1000);
  const { body: series } = await api(
    token,
    `/v1/metrics/series?key=${key}&by=all&step=1h&from=${from.toISOString()}&to=${to.toISOString()}`,
  );
  assert.ok(series.metrics[0].series[0].points.length >= 23, JSON.stringify(series).slice(0, 400));
});

test("a chart shows its values as a table too", async () => {
  const page = await browser.page();
  await signIn(page, demoPerson());
  const button = page.getByRole("button", { name: /^View .* as table$/ }).first();
  await button.click();
  await page.getByRole("table").first().waitFor();
  await page.context().close();
});

test("a person pins a metric and finds it in front the next time", async () => {
  const page = await browser.page();
  await signIn(page, demoPerson());
  await page.getByRole("button", { name: "Choose charts" }).click();
  const dialog = page.getByRole("dialog");
  const name = await dialog.getByRole("button", { name: /^Pin / }).last().getAttribute("aria-label");
  const pin = dialog.getByRole("button", { name });
  await pin.click();
  await dialog.getByRole("button", { name, pressed: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByRole("heading", { name: name.replace(/^Pin /, "") }).first().waitFor();
  await page.getByRole("button", { name: "Choose charts" }).click();
  await dialog.getByRole("button", { name, pressed: true }).click();
  await dialog.getByRole("button", { name, pressed: false }).waitFor();
  await page.context().close();
});

test("one device is a page of its own", async () => {
  const page = await browser.page();
  await signIn(page, demoPerson());
  const device = page.getByRole("region", { name: "Devices by site" }).getByRole("link").first();
  await device.click();
  await page.waitForURL(/\/app\/devices\/[0-9a-f-]{36}/);
  await page.getByRole("img").first().waitFor();
  await assertAccessible(page);
  await page.context().close();
});

test("the pages raised no error in the browser", () => {
  assert.deepEqual(browser.faults, []);
});
