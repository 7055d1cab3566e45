// Every page, in each size and theme: it is there, it is accessible, and its picture is kept.
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

const PAGES = {
  overview: "/app/overview",
  devices: "/app/devices",
  "data-sources": "/app/data-sources",
  "failed-events": "/app/dead-letters",
  "failed-events-list": "/app/dead-letters?view=list",
  events: "/app/events",
  extras: "/app/extras",
  "extras-search": "/app/extras?type=text&contains=ab&key=nothing",
  "extras-conflicts": "/app/extras?view=conflicts",
  settings: "/app/settings",
  missing: "/app/no-such-page",
};
let browser;
let storageState;

before(async () => {
  browser = await openBrowser();
  const page = await browser.page();
  await signIn(page, demoPerson());
  storageState = await page.context().storageState();
  await page.context().close();
});
after(async () => {
  await browser.close();
});

for (const size of ["desktop", "phone"]) {
  for (const theme of ["light", "dark"]) {
    test(`every page is accessible on a ${size} in the ${theme} theme`, async () => {
      const page = await browser.page({ size, theme, storageState });
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
        if (name === "overview") await page.locator("canvas").first().waitFor();
        await picture(page, `${name}-${size}-${theme}`);
        await assertAccessible(page);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0, `${path} is wider than a ${size}`);
      }
      await page.context().close();
    });

    test(`the way in is accessible on a ${size} in the ${theme} theme`, async () => {
      const page = await browser.page({ size, theme });
      for (const [name, path] of Object.entries({ home: "/", auth: "/auth" })) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await picture(page, `${name}-${size}-${theme}`);
        await assertAccessible(page);
      }
      await page.context().close();
    });
  }
}

test("a device's page shows what it did, and why it stood", async () => {
  const token = await accessToken(demoPerson());
  const from = new Date(Date.now() - 86_400_000).toISOString();
  const stops = await eventually(
    "stops of the demo plant",
    () => api(token, `/v1/sessions?table=plant.machine_stop&from=${from}`),
    ({ body }) => body.data?.length > 0,
  );
  const ofALine = (stop) => stop.device_name.includes("line");
  const stop = stops.body.data.find(ofALine) ?? stops.body.data[0];
  for (const size of ["desktop", "phone"]) {
    for (const theme of ["light", "dark"]) {
      const page = await browser.page({ size, theme, storageState });
      await page.goto(`/app/devices/${stop.device_id}?range=24h`);
      const band = page.getByRole("group", { name: /^Machine stop,/ });
      await band.waitFor();
      await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
      // It is in a cell of its own, or on a phone below the state.
      const why = page.getByRole("group", { name: /as a table/ }).getByText(stop.reason);
      await why.filter({ visible: true }).first().waitFor();
      await picture(page, `device-${size}-${theme}`);
      await assertAccessible(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, `the device's page is wider than a ${size}`);
      await page.context().close();
    }
  }
});

test("the keyboard reaches search and the list of shortcuts", async () => {
  const page = await browser.page({ storageState });
  await page.goto("/app/overview");
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("devices");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/app\/devices/);
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.context().close();
});

test("an expired session leads to the sign-in and back", async () => {
  const page = await browser.page();
  await signIn(page, demoPerson());
  await page.context().clearCookies();
  await page.goto("/app/devices");
  await page.waitForURL(/\/auth/);
  const { email, password } = demoPerson();
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/app\/devices/);
  await page.context().close();
});

test("a wrong password says so, and keeps what was typed", async () => {
  const page = await browser.page();
  await page.goto("/auth");
  await page.getByLabel("Email").fill("nobody@nowhere.example");
  await page.getByLabel("Password", { exact: true }).fill("a wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("Email").inputValue(), "nobody@nowhere.example");
  await page.context().close();
});

test("the pages raised no error in the browser", () => {
  assert.deepEqual(browser.faults, []);
});
