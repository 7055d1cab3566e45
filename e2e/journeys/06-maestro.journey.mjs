// Somebody automates something: a workflow from a file to its first executions, all by the pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, openBrowser, picture, register, signIn } from "../lib/journey.mjs";

const person = { email: "mara@dispatch.example", password: "orders leave before noon" };
const guest = { email: "grace@dispatch.example", password: "she counts every pallet" };
const workflow = {
  name: "Order to ERP",
  description: "Sums an order up; one that is to be held waits for a receiver that is not there",
  settings: {
    correlation_key: "=trigger.body.id",
    execution_name: "='Order ' & trigger.body.id",
  },
  triggers: [
    { id: "hook", type: "webhook" },
    { id: "by_hand", type: "api" },
  ],
  steps: [
    {
      id: "sum",
      type: "transform",
      input: { order: "=trigger.body" },
      config: { expression: "{'total': $sum(order.lines.amount), 'id': order.id}" },
    },
    {
      id: "hold",
      type: "branch",
      config: { cases: [{ name: "held", when: "=trigger.body.hold = true" }] },
    },
    {
      id: "call",
      type: "http_request",
      // However long a resolver takes to say that there is no such name.
      timeout_ms: 2_000,
      retry: { count: 3, backoff_ms: 600_000, backoff_max_ms: 600_000 },
      config: { method: "POST", url: "http://erp.invalid/orders", body: "=steps.sum" },
    },
  ],
  edges: [
    { from: "hook", to: "sum" },
    { from: "by_hand", to: "sum" },
    { from: "sum", to: "hold" },
    { from: "hold", to: "call", case: "held" },
  ],
};
const notYet = ["workflow", "executions", "execution-waiting", "members", "workflow-versions"];
let browser;
let page;
let address;
const pages = {
  workflows: "/app/workflows",
  executions: "/app/executions",
  connections: "/app/connections",
  members: "/app/members",
};

before(async () => {
  browser = await openBrowser();
  await register(person, "Mara Lind", "Lind Dispatch");
  page = await browser.page();
  await signIn(page, person);
});
after(async () => {
  await browser.close();
});

const call = (body) =>
  fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

test("a workflow is imported, checked and published", async () => {
  await page.getByRole("link", { name: "Workflows" }).click();
  await page.getByText("No workflows yet").waitFor();
  await assertAccessible(page);
  await picture(page, "workflows-empty");
  await page.getByRole("button", { name: "Import" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("File").setInputFiles({
    name: "order.workflow.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ ...workflow, edges: workflow.edges.slice(1) })),
  });
  await dialog.getByRole("button", { name: "Import" }).click();
  await page.getByRole("heading", { name: "Order to ERP", level: 1 }).waitFor();

  const draft = page.getByLabel("Document, as JSON");
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("button", { name: /^\/triggers\/0.*line \d+$/ }).waitFor();
  await assertAccessible(page);
  await picture(page, "workflow-draft");
  await draft.fill(JSON.stringify(workflow, null, 2));
  await page.getByRole("button", { name: "Save draft" }).click();
  await page.getByText("Saved. Not published yet.").waitFor();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("dialog").getByLabel("Note").fill("The first that runs");
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await page.getByText("The same as version 1.").waitFor();

  await page.getByRole("group", { name: "View" }).getByText("Overview").click();
  address = await page.locator("code", { hasText: "/hooks/whk_" }).innerText();
  const at = new URL(page.url()).pathname;
  pages.workflow = at;
  pages["workflow-draft"] = `${at}?view=draft`;
  pages["workflow-versions"] = `${at}?view=versions`;
});

test("a call of its webhook appears among the executions by itself, with what each step did", async () => {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Executions" }).first().click();
  await page.getByText("No executions yet").waitFor();
  const answer = await call({ id: "A-7", lines: [{ amount: 20 }, { amount: 22.5 }] });
  assert.equal(answer.status, 202);
  await page.getByRole("link", { name: "Order A-7" }).click();
  await page.getByText("Succeeded").first().waitFor();
  await page.getByRole("button", { name: /^sum/ }).click();
  await page.getByRole("group", { name: "Output of sum" }).getByText('"total": 42.5').waitFor();
  await page.getByText("Not run:").waitFor();
  await assertAccessible(page);
  await picture(page, "execution");
});

test("one that waits is canceled, and says so", async () => {
  pages.execution = new URL(page.url()).pathname;
  const { execution_id: id } = await (await call({ id: "A-8", hold: true })).json();
  await page.goto(`/app/executions/${id}`);
  await page.getByRole("button", { name: "Try now" }).waitFor();
  await assertAccessible(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
  await page.getByText("Canceled").first().waitFor();
  await page.getByRole("button", { name: "Retry" }).waitFor();
  await page.goto("/app/executions?status=canceled");
  await page.getByRole("link", { name: "Order A-8" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Order A-7" }).count(), 0);
});

test("a retry takes over what was answered, and says what it waits for", async () => {
  await page.getByRole("link", { name: "Order A-8" }).click();
  await page.getByRole("button", { name: "Retry" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("checkbox").check();
  await dialog.getByLabel("Input, as JSON").fill('{"body": {"id": "A-9", "hold": true}}');
  await dialog.getByText("Calls carry new Idempotency-Keys").waitFor();
  await assertAccessible(page);
  await picture(page, "execution-retry");
  await dialog.getByRole("checkbox").uncheck();
  await dialog.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("button", { name: /^sum.*Taken over/ }).waitFor();
  await page.getByText(/^Step call failed.*Next try at/).waitFor();
  await page.getByText("Retried by").waitFor();
  await page.getByText("Mara Lind", { exact: true }).waitFor();
  pages["execution-waiting"] = new URL(page.url()).pathname;
});

test("a connection is made, and its secret is shown nowhere", async () => {
  await page.goto("/app/connections");
  await page.getByRole("button", { name: "New connection" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name of the connector").fill("ERP");
  await dialog.getByLabel("Address").fill("https://erp.example.com/api");
  await dialog.getByLabel("Name", { exact: true }).fill("ERP, production");
  await dialog.getByLabel("Token").fill("a-token-that-nobody-sees");
  await assertAccessible(page);
  await picture(page, "connection-new");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByText("ERP, Bearer token").waitFor();
  assert.ok(!(await page.content()).includes("a-token-that-nobody-sees"));
});

test("somebody is invited by a link that is shown once, and joins as what they were invited as", async () => {
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByRole("button", { name: "Invite a member" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill(guest.email);
  await dialog.getByLabel("Role").selectOption("operator");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await dialog.locator("code").innerText();
  await assertAccessible(page);
  await picture(page, "member-invited");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: `Revoke the invitation of ${guest.email}` }).waitFor();

  const theirs = await browser.page();
  await theirs.goto(`/auth${new URL(link).hash}`);
  await theirs.getByRole("heading", { name: "Join a workspace" }).waitFor();
  await assertAccessible(theirs);
  await picture(theirs, "invitation");
  await theirs.getByLabel("Your name").fill("Grace Oduya");
  await theirs.getByLabel("Work email").fill(guest.email);
  await theirs.getByLabel("Password", { exact: true }).fill(guest.password);
  await theirs.getByRole("button", { name: "Create account and join" }).click();
  await theirs.waitForURL(/\/app\/overview/);
  await theirs.goto("/app/members");
  await theirs.getByText("Grace Oduya").waitFor();
  await theirs.getByText("Operator").first().waitFor();
  assert.equal(await theirs.getByRole("button", { name: "Invite a member" }).count(), 0);
  await theirs.goto("/app/workflows");
  await theirs.getByRole("link", { name: "Order to ERP" }).click();
  await theirs.getByRole("button", { name: "Run now" }).waitFor();
  await theirs.context().close();
});

for (const size of ["desktop", "phone"]) {
  for (const theme of ["light", "dark"]) {
    test(`what was made fits a ${size} in the ${theme} theme`, async () => {
      const storageState = await page.context().storageState();
      const other = await browser.page({ size, theme, storageState });
      for (const [name, path] of Object.entries(pages)) {
        await other.goto(path);
        await other.getByRole("heading", { level: 1 }).waitFor();
        await other.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
        await picture(other, `${name}-${size}-${theme}`);
        // Looking for faults takes longer than all else here: all pages once, and in the light
        // theme those that no test above looked at.
        const looked =
          size === "phone" ? theme === "dark" : theme === "light" && notYet.includes(name);
        if (looked) await assertAccessible(other);
        const overflow = await other.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0, `${path} is wider than a ${size}`);
      }
      await other.context().close();
    });
  }
}

test("the pages raised no error in the browser", () => {
  assert.deepEqual(browser.faults, []);
});
