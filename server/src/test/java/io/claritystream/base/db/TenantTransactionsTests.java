package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

class TenantTransactionsTests {

  private static TestDatabase database;
  private static TenantTransactions transactions;
  private static TenantId ours;
  private static TenantId theirs;

  @BeforeAll
  static void begin() {
    database = TestDatabase.create();
    transactions = database.tenantTransactions();
    ours = database.tenant("Ours");
    theirs = database.tenant("Theirs");
  }

  @AfterAll
  static void end() {
    database.close();
  }

  @Test
  void a_transaction_sees_its_own_tenant_and_no_other() {
    assertThat(transactions.read(ours, TenantTransactionsTests::names)).containsExactly("Ours");
    assertThat(transactions.read(theirs, TenantTransactionsTests::names)).containsExactly("Theirs");
  }

  @Test
  void outside_of_a_transaction_nothing_is_seen_even_after_one_on_the_same_connection() {
    transactions.read(ours, TenantTransactionsTests::names);

    assertThat(names(database.as("tenant"))).isEmpty();
  }

  @Test
  void a_transaction_within_another_is_refused() {
    assertThatThrownBy(
            () ->
                transactions.read(
                    ours, sql -> transactions.read(theirs, TenantTransactionsTests::names)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(theirs.toString());
  }

  @Test
  void a_read_cannot_write() {
    UserId user = database.person(ours, "viewer");

    assertThatThrownBy(() -> transactions.read(ours, user, sql -> pin(sql, ours, user, "a")))
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("read-only transaction");
  }

  @Test
  void what_was_written_is_gone_when_the_work_throws() {
    UserId user = database.person(ours, "viewer");

    assertThatThrownBy(
            () ->
                transactions.run(
                    ours,
                    user,
                    sql -> {
                      pin(sql, ours, user, "b");
                      throw new UnsupportedOperationException("broke");
                    }))
        .isInstanceOf(UnsupportedOperationException.class);

    assertThat(pins(user)).isZero();
  }

  @Test
  void rows_of_a_person_are_seen_by_that_person_alone() {
    UserId user = database.person(ours, "viewer");
    UserId colleague = database.person(ours, "owner");
    transactions.run(ours, user, sql -> pin(sql, ours, user, "c"));

    assertThat(transactions.read(ours, user, TenantTransactionsTests::visiblePins)).isOne();
    assertThat(transactions.read(ours, colleague, TenantTransactionsTests::visiblePins)).isZero();
    assertThat(transactions.read(ours, TenantTransactionsTests::visiblePins)).isZero();
  }

  @Test
  void a_session_has_its_limits_and_the_fixed_search_path() {
    JdbcClient sql = database.as("tenant");

    assertThat(show(sql, "search_path")).isEqualTo("pg_catalog,pg_temp");
    assertThat(show(sql, "statement_timeout")).isEqualTo("15s");
    assertThat(show(sql, "lock_timeout")).isEqualTo("3s");
    assertThat(show(sql, "TimeZone")).isEqualTo("UTC");
  }

  private static String show(JdbcClient sql, String setting) {
    return sql.sql("SELECT current_setting(:name)")
        .param("name", setting)
        .query(String.class)
        .single();
  }

  private static java.util.List<String> names(JdbcClient sql) {
    return sql.sql("SELECT name FROM control.dim_tenant").query(String.class).list();
  }

  private static int pin(JdbcClient sql, TenantId tenant, UserId user, String key) {
    return sql.sql(
            """
            INSERT INTO control.metric_pin (tenant_id, user_id, key, pinned_at)
            VALUES (:tenant, :user, :key, now())
            """)
        .param("tenant", tenant.value())
        .param("user", user.value())
        .param("key", key)
        .update();
  }

  private static long visiblePins(JdbcClient sql) {
    return sql.sql("SELECT count(*) FROM control.metric_pin").query(Long.class).single();
  }

  private static long pins(UserId user) {
    return database
        .superuser()
        .sql("SELECT count(*) FROM control.metric_pin WHERE user_id = :user")
        .param("user", user.value())
        .query(Long.class)
        .single();
  }
}
