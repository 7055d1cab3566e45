package io.claritystream.base.db;

import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;

/// Brings the schema up to date as `clarity_migrator`, once, before any pool is handed out. Several
/// processes may start together: Flyway's lock lets one of them work while the others wait.
final class SchemaMigration {

  SchemaMigration(DatabaseProperties database) {
    if (!database.migrate()) {
      return;
    }
    PGSimpleDataSource migrator = new PGSimpleDataSource();
    migrator.setUrl(database.url());
    migrator.setUser("clarity_migrator");
    migrator.setPassword(database.password("migrator"));
    migrator.setApplicationName("clarity-migrator");
    Flyway.configure()
        .dataSource(migrator)
        .locations("classpath:db/migration")
        .defaultSchema("public")
        .createSchemas(false)
        .cleanDisabled(true)
        .validateMigrationNaming(true)
        .placeholderReplacement(false)
        .load()
        .migrate();
  }
}
