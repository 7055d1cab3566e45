package io.claritystream.control.identity;

import io.claritystream.base.http.Role;
import io.claritystream.control.tenancy.Tenant;

/// A tenant that a person belongs to, and as what.
record Membership(Tenant tenant, Role role) {}
