/// A tenant as its people see it: what the organization says of itself.
///
/// Owns no tables.
@ApplicationModule(
    id = "control.workspace",
    allowedDependencies = {"base.db", "base.http", "control.audit", "control.tenancy"})
@NullMarked
package io.claritystream.control.workspace;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
