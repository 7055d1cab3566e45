// A key that is a number at one machine and a text at another: found, looked into, and mended.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  accessToken,
  api,
  assertAccessible,
  demoPerson,
  eventually,
  openBrowser,
  picture,
  plantDatabase,
  signIn,
} from "../lib/journey.mjs";

const KEY = "nameplate.weight_kg";
let browser;
let plant;
let storageState;
let token;

const weigh = (weight) =>
  plant.query(
    `UPDATE plant.machine SET nameplate = jsonb_set(nameplate, '{weight_kg}', $1::jsonb)
     WHERE machine_id = (SELECT min(machine_id) FROM plant.machine)`,
    [weight],
  );
const conflicts = async () => (await api(token, `/v1/extras/conflicts?key_prefix=${KEY}`)).body.data;

before(async () => {
  browser = await openBrowser();
  plant = await plantDatabase();
  token = await accessToken(demoPerson());
  const page = await browser.page();
  await signIn(page, demoPerson());
  storageState = await page.context().storageState();
  await page.context().close();
});
after(async () => {
  await plant?.end();
  await browser.close();
});

test("a number that becomes a text at the plant is a conflict", async () => {
  await eventually(
    "the machines",
    async () => (await api(token, `/v1/extras/keys?key_prefix=${KEY}`)).body.data,
    (keys) => keys[0]?.types[0]?.entities === 60,
  );
  await weigh('"about a ton"');
  const [conflict] = await eventually("the conflict", conflicts, (found) => found.length === 1);
  assert.deepEqual(
    conflict.types.map(({ type, entities }) => [type, entities]),
    [
      ["num", 59],
      ["text", 1],
    ],
  );
  assert.equal(conflict.types[1].sample, "about a ton");
});

for (const size of ["desktop", "phone"]) {
  for (const theme of ["light", "dark"]) {
    test(`extras are accessible on a ${size} in the ${theme} theme`, async () => {
      const page = await browser.page({ size, theme, storageState });
      await page.goto("/app/extras?view=conflicts");
      const what = page.getByRole("region", { name: "Type conflicts" });
      await what.getByRole("button").first().click();
      await page.getByText("about a ton").waitFor();
      await picture(page, `extras-conflict-${size}-${theme}`);
      await assertAccessible(page);
      await page.goto(`/app/extras?key=${KEY}&type=num&from=%223000%22`);
      await page.getByRole("region", { name: "Extras" }).waitFor();
      await picture(page, `extras-found-${size}-${theme}`);
      await assertAccessible(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, `wider than a ${size}`);
      await page.context().close();
    });
  }
}

test("by keyboard alone a key is searched, and what is found is exported", async () => {
  const page = await browser.page({ storageState });
  await page.goto("/app/overview");
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("x");
  await page.getByRole("heading", { name: "Extras", level: 1 }).waitFor();
  await page.getByLabel("Key", { exact: true }).focus();
  await page.keyboard.type(KEY);
  await page.keyboard.press("Tab");
  await page.keyboard.type("Text");
  await page.getByLabel("Text", { exact: true }).focus();
  await page.keyboard.type("TON");
  await page.keyboard.press("Enter");
  await page.waitForURL(/contains=TON/);
  await page.getByText("about a ton").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).press("Enter");
  const csv = readFileSync(await (await download).path(), "utf8");
  assert.match(csv, /"nameplate\.weight_kg","text","about a ton"/);
  assert.equal(csv.trim().split("\r\n").length, 2);
  await page.context().close();
});

test("the device says that its key has another type elsewhere, and leads to the conflict", async () => {
  const page = await browser.page({ storageState });
  await page.goto(`/app/extras?key=${KEY}&type=text`);
  await page.getByRole("region", { name: "Extras" }).getByRole("link").first().click();
  await page.getByRole("link", { name: "Text here, number in 59 other rows" }).click();
  await page.getByRole("region", { name: "Type conflicts" }).waitFor();
  await page.context().close();
});

test("the conflict ends with its last odd value", async () => {
  await weigh("1200");
  await eventually("the end of the conflict", conflicts, (found) => found.length === 0);
});

test("the pages raised no error in the browser", () => {
  assert.deepEqual(browser.faults, []);
});
