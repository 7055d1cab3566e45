/// What a workflow is: one JSON document with triggers, steps and edges, its draft, its published
/// versions, who may run or edit it, and the addresses of its webhooks.
///
/// **The document is the truth.** [WorkflowDocument] is read strictly: a field that is not known,
/// or is of another type, is refused with its JSON pointer. It is written canonically, without what
/// equals a default, so two documents that mean the same are the same text. A default never
/// changes: a new meaning gets a new field, because a published version must go on meaning what it
/// meant.
///
/// **One draft, numbered versions.** A draft may be saved while it could not run yet. Publishing
/// checks it and adds a version; no role may change or remove one. An execution pins its version.
/// `trigger`, `step` and `action` are written from the document in the same transaction, so that
/// SQL can ask which workflows use what; nothing is read back from them into a document.
///
/// | workflow | event | becomes |
/// |---|---|---|
/// | | created | draft, disabled |
/// | draft or published | publish | published with one version more; the first time enabled |
/// | published | disable | its triggers start nothing; executions that run go on |
/// | published | enable | its triggers start executions again |
/// | any | delete | gone from every list and address; versions stay for their executions |
///
/// **Webhook tokens** are 256 random bits. The address is found by the token's SHA-256; the token
/// itself is kept encrypted, because people who build a workflow need its address again on every
/// other day and a token that is shown once would be pasted into notes.
///
/// Owns `maestro.workflow`, `maestro.workflow_version`, `maestro.trigger`, `maestro.step`,
/// `maestro.action`, `maestro.workflow_grant`, `maestro.webhook_token`.
@ApplicationModule(
    id = "maestro.definition",
    allowedDependencies = {
      "base.crypto",
      "base.db",
      "base.expression",
      "base.http",
      "base.process",
      "control.audit",
      "control.tenancy"
    })
@NullMarked
package io.claritystream.maestro.definition;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
