package io.claritystream.stream.deadletter;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeadLetterTests {
  private final TestDatabase database = TestDatabase.create();
  private final DeadLetters letters = new DeadLetters();

  @AfterAll
  void close() {
    database.close();
  }

  private UUID source(TenantId tenant) {
    var id = UUID.randomUUID();
    database
        .superuser()
        .sql(
            """
            WITH agent AS (
              INSERT INTO control.agent (agent_id, tenant_id, name, version, paired_at, certificate_serial,
                certificate_expires_at)
              VALUES (:source, :tenant, 'agent', '1', now(), 'ab', now())
              RETURNING agent_id)
            INSERT INTO control.source (source_id, tenant_id, agent_id, name, kind, fingerprint, server_version,
              partition, created_at)
            SELECT :source, :tenant, agent_id, 'source', 'postgresql', 'f', '18', 0, now() FROM agent
            """)
        .param("source", id)
        .param("tenant", tenant.value())
        .update();
    return id;
  }

  private static DeadLetter letter(TenantId tenant, UUID source, long seq, String sample) {
    return new DeadLetter(
        new UUID(source.getMostSignificantBits(), seq),
        tenant,
        source,
        1,
        seq,
        seq,
        "public.pump",
        "1:7;",
        "0/1",
        Cause.MAPPING_FAILED,
        null,
        "no time",
        sample,
        null,
        Instant.parse("2026-11-20T12:00:00Z"));
  }

  private void write(DeadLetter... all) throws SQLException {
    try (var connection = database.dataSource("service").getConnection()) {
      letters.write(connection, List.of(all));
    }
  }

  @Test
  void the_same_letter_is_there_once() throws SQLException {
    var tenant = database.tenant("a");
    var source = source(tenant);
    write(letter(tenant, source, 5, "x"), letter(tenant, source, 5, "x"));
    write(letter(tenant, source, 5, "x"));
    assertThat(count(tenant)).isEqualTo(1);
  }

  @Test
  void a_row_is_in_the_quarantine_of_one_model() throws SQLException {
    var tenant = database.tenant("q");
    var row = new DeadLetters.Row("public.pump", "1:7;");
    try (var connection = database.dataSource("service").getConnection()) {
      letters.quarantine(connection, tenant, 1, List.of(row, row));
      assertThat(letters.quarantined(connection, 1)).containsExactly(row);
      assertThat(letters.quarantined(connection, 2)).isEmpty();
    }
  }

  @Test
  void a_tenant_sees_its_own_and_no_others() throws SQLException {
    var own = database.tenant("own");
    var other = database.tenant("other");
    write(letter(own, source(own), 1, "x"));
    write(letter(other, source(other), 1, "x"), letter(other, source(other), 1, "x"));
    assertThat(count(own)).isEqualTo(1);
    assertThat(count(other)).isEqualTo(2);
    assertThat(
            database
                .as("tenant")
                .sql("SELECT count(*) FROM control.dead_letter")
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void whatever_the_sample_holds_it_can_be_stored() throws SQLException {
    var tenant = database.tenant("odd");
    write(letter(tenant, source(tenant), 1, "a\0b\ud800c" + "\ud83d\ude00".repeat(5_000)));
    assertThat(count(tenant)).isEqualTo(1);
  }

  private long count(TenantId tenant) {
    return database
        .tenantTransactions()
        .read(
            tenant,
            sql -> sql.sql("SELECT count(*) FROM control.dead_letter").query(Long.class).single());
  }
}
