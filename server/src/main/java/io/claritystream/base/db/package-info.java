/// How the rest of the server reaches PostgreSQL.
///
/// Every database role has a pool of its own with the grants of `db/roles.sql`; a bean is chosen
/// by qualifier: `@Qualifier("auth" | "tenant" | "service" | "engine" | "internal" | "admin")` on
/// a `DataSource`, a `JdbcClient` or a `TransactionTemplate`. What a person asks for runs through
/// [TenantTransactions], which names the tenant to row-level security once per transaction and so
/// fails closed: without it the `tenant` role sees no row at all.
///
/// The schema is migrated, as `clarity_migrator`, before the first of these beans is handed out.
/// SQL names schemas in full; the search path is fixed and holds none of ours.
///
/// Owns no tables.
@ApplicationModule(
    id = "base.db",
    allowedDependencies = {})
@NullMarked
package io.claritystream.base.db;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
