package io.claritystream.base.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// A tenant's secrets: who can read them, and who cannot. Each [TenantSecrets] here is a process.
class TenantSecretsTests {
  private static final EncryptionContext CONTEXT = new EncryptionContext("connection", "17");
  private static final MasterKeys MASTERS =
      new MasterKeys(MasterKeyset.parse(MasterKeyset.make(), "The test", ""), List.of());

  private static TestDatabase database;
  private static TransactionTemplate admins;
  private TenantId ours;
  private TenantId theirs;
  private TenantSecrets secrets;

  @BeforeAll
  static void makeDatabase() {
    database = TestDatabase.create();
    admins = new TransactionTemplate(new JdbcTransactionManager(database.dataSource("admin")));
  }

  @AfterAll
  static void closeDatabase() {
    database.close();
  }

  @BeforeEach
  void makeTenants() {
    ours = database.tenant("Ours");
    theirs = database.tenant("Theirs");
    secrets = process();
  }

  @Test
  void a_secret_is_read_by_its_tenant_for_its_purpose_and_row_and_in_any_process()
      throws Exception {
    byte[] encrypted = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));

    assertThat(secrets.decrypt(ours, CONTEXT, encrypted)).isEqualTo(bytes("hunter2"));
    assertThat(process().decrypt(ours, CONTEXT, encrypted)).isEqualTo(bytes("hunter2"));
    assertThat(encrypted.length).isLessThanOrEqualTo(7 + TenantSecrets.OVERHEAD);
    assertThat(new String(encrypted, StandardCharsets.ISO_8859_1)).doesNotContain("hunter");
  }

  @Test
  void it_is_refused_for_another_row_another_purpose_and_another_tenant() {
    byte[] encrypted = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));
    secrets.encrypt(theirs, CONTEXT, bytes("other"));

    for (EncryptionContext other :
        List.of(
            new EncryptionContext("connection", "18"),
            new EncryptionContext("connectio", "n17"),
            new EncryptionContext("webhook", "17"))) {
      assertThatThrownBy(() -> secrets.decrypt(ours, other, encrypted))
          .isInstanceOf(Undecryptable.class);
    }
    for (TenantSecrets process : List.of(secrets, process())) {
      assertThatThrownBy(() -> process.decrypt(theirs, CONTEXT, encrypted))
          .isInstanceOf(Undecryptable.class);
    }
  }

  @Test
  void it_is_refused_with_any_byte_changed_and_at_any_shorter_length() {
    byte[] encrypted = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));

    for (int at = 0; at < encrypted.length; at++) {
      byte[] changed = encrypted.clone();
      changed[at] ^= 1;
      assertThatThrownBy(() -> secrets.decrypt(ours, CONTEXT, changed))
          .as("byte %d", at)
          .isInstanceOf(Undecryptable.class);
      byte[] shorter = java.util.Arrays.copyOf(encrypted, at);
      assertThatThrownBy(() -> secrets.decrypt(ours, CONTEXT, shorter))
          .as("length %d", at)
          .isInstanceOf(Undecryptable.class);
    }
  }

  @Test
  void a_key_that_was_moved_to_another_tenant_in_the_database_decrypts_nothing_there() {
    byte[] encrypted = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));
    database
        .superuser()
        .sql("UPDATE control.tenant_key SET tenant_id = :theirs WHERE tenant_id = :ours")
        .param("theirs", theirs.value())
        .param("ours", ours.value())
        .update();

    assertThatThrownBy(() -> process().decrypt(theirs, CONTEXT, encrypted))
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("the database was changed by hand");
  }

  @Test
  void processes_that_make_the_first_key_at_once_agree_on_it() throws Exception {
    int processes = 3;
    List<Future<byte[]>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(processes);
        Connection holder = database.superuserConnections().getConnection();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      // It lets all of them see that there is no key, and none of them make one.
      statement.execute("LOCK TABLE control.tenant_key IN SHARE MODE");
      for (int i = 0; i < processes; i++) {
        answers.add(threads.submit(() -> process().encrypt(ours, CONTEXT, bytes("hunter2"))));
      }
      database.awaitWaiting(processes);
      holder.commit();
    }
    assertThat(keys()).hasSize(1);
    for (Future<byte[]> answer : answers) {
      assertThat(secrets.decrypt(ours, CONTEXT, answer.get())).isEqualTo(bytes("hunter2"));
    }
  }

  @Test
  void after_a_rotation_what_is_written_has_the_new_key_and_what_was_is_read_still()
      throws Exception {
    byte[] before = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));

    assertThat(maintenance(MASTERS).rotate(ours, sql -> {})).isTrue();
    // A process that has not heard of it yet writes what all can read.
    byte[] unaware = secrets.encrypt(ours, CONTEXT, bytes("hunter3"));
    TenantSecrets aware = process();
    byte[] after = aware.encrypt(ours, CONTEXT, bytes("hunter4"));

    assertThat(keys()).hasSize(2);
    assertThat(keyOf(unaware)).isEqualTo(keyOf(before));
    assertThat(keyOf(after)).isNotEqualTo(keyOf(before));
    assertThat(aware.decrypt(ours, CONTEXT, before)).isEqualTo(bytes("hunter2"));
    assertThat(aware.decrypt(ours, CONTEXT, unaware)).isEqualTo(bytes("hunter3"));
    assertThat(secrets.decrypt(ours, CONTEXT, after)).isEqualTo(bytes("hunter4"));
  }

  @Test
  void a_row_is_renewed_once_after_a_rotation_and_not_without_one() throws Exception {
    byte[] before = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));
    assertThat(secrets.renewed(ours, CONTEXT, before)).isEmpty();

    maintenance(MASTERS).rotate(ours, sql -> {});
    secrets.forget();
    byte[] renewed = secrets.renewed(ours, CONTEXT, before).orElseThrow();

    assertThat(keyOf(renewed)).isNotEqualTo(keyOf(before));
    assertThat(secrets.decrypt(ours, CONTEXT, renewed)).isEqualTo(bytes("hunter2"));
    assertThat(secrets.renewed(ours, CONTEXT, renewed)).isEmpty();
  }

  @Test
  void a_tenant_without_a_key_has_none_to_rotate() {
    assertThat(maintenance(MASTERS).rotate(theirs, sql -> {})).isFalse();
  }

  @Test
  void a_rotation_that_is_rolled_back_leaves_the_key_in_use() {
    byte[] before = secrets.encrypt(ours, CONTEXT, bytes("hunter2"));

    assertThatThrownBy(
            () ->
                maintenance(MASTERS)
                    .rotate(
                        ours,
                        sql -> {
                          throw new IllegalStateException("no audit entry");
                        }))
        .hasMessage("no audit entry");

    assertThat(keys()).hasSize(1);
    assertThat(keyOf(process().encrypt(ours, CONTEXT, bytes("x")))).isEqualTo(keyOf(before));
  }

  @Test
  void a_first_key_outlives_a_transaction_that_is_rolled_back() throws Exception {
    List<byte[]> encrypted = new ArrayList<>();
    for (String role : List.of("tenant", "auth")) {
      TenantId tenant = database.tenant(role);
      var transaction =
          new TransactionTemplate(new JdbcTransactionManager(database.dataSource(role)));
      transaction.executeWithoutResult(
          status -> {
            encrypted.add(secrets.encrypt(tenant, CONTEXT, bytes("hunter2")));
            status.setRollbackOnly();
          });

      assertThat(process().decrypt(tenant, CONTEXT, encrypted.removeFirst()))
          .isEqualTo(bytes("hunter2"));
    }
  }

  private static TenantSecrets process() {
    return new TenantSecrets(
        new TenantKeys(
            database.as("auth"),
            new JdbcTransactionManager(database.dataSource("auth")),
            MASTERS,
            Clock.systemUTC()));
  }

  private static KeyMaintenance maintenance(MasterKeys masters) {
    return new KeyMaintenance(masters, database.as("admin"), admins, Clock.systemUTC());
  }

  private List<UUID> keys() {
    return database
        .superuser()
        .sql("SELECT key_id FROM control.tenant_key WHERE tenant_id = :tenant")
        .param("tenant", ours.value())
        .query(UUID.class)
        .list();
  }

  private static UUID keyOf(byte[] encrypted) {
    var header = java.nio.ByteBuffer.wrap(encrypted, 1, 16);
    return new UUID(header.getLong(), header.getLong());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
