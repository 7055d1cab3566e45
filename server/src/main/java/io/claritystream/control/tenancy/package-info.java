/// The tenants and what is known of each: name, industry, region, plan.
///
/// Owns `control.dim_tenant`; reads `control.plan`, which nobody writes but
/// an operator by hand.
@ApplicationModule(
    id = "control.tenancy",
    allowedDependencies = {"base.db", "base.http"})
@NullMarked
package io.claritystream.control.tenancy;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
