/// A tenant as its people see it: the organization and its members.
///
/// Owns no tables; reads `control.members` and `control.user_account`.
@ApplicationModule(
    id = "control.workspace",
    allowedDependencies = {"base.db", "base.http", "control.tenancy"})
@NullMarked
package io.claritystream.control.workspace;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
