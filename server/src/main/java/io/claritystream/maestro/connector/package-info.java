/// What workflows reach systems with. A *connector* says which system: so far an HTTP API at an
/// address. A *connection* is one set of credentials for it.
///
/// **A secret goes in and never out.** The API takes it and answers only whether there is one. It
/// is stored encrypted for its tenant and row ([io.claritystream.base.crypto.TenantSecrets]), and
/// decrypted where a step uses it ([Connections]), which is told at the same time what it has to
/// keep out of everything that it records.
///
/// **An address stays.** A connector's address never changes, and a step that uses a connection of
/// one can only add a path to it: whoever may build workflows cannot send a secret elsewhere that
/// was entrusted for this address. A connector without an address leaves that to the steps, so no
/// connection of it holds a secret.
///
/// Owns `maestro.connector`, `maestro.connection`; reads `maestro.workflow` and `maestro.action`
/// for what uses a connection.
@ApplicationModule(
    id = "maestro.connector",
    allowedDependencies = {
      "base.crypto",
      "base.db",
      "base.http",
      "base.outbound",
      "control.audit",
      "control.tenancy",
      "maestro.definition"
    })
@NullMarked
package io.claritystream.maestro.connector;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
