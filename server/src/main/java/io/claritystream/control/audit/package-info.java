/// Who did what, when and from where. Rows are added, in the transaction of the act itself, and
/// never changed or removed: no database role but the owner may.
///
/// Owns `control.audit_log`.
@ApplicationModule(
    id = "control.audit",
    allowedDependencies = {"base.db", "base.http"})
@NullMarked
package io.claritystream.control.audit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
