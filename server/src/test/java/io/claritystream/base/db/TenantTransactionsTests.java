package io.claritystream.base.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

  /// However it ended.
  @ParameterizedTest
  @ValueSource(
      strings = {"SELECT 1", "SELECT 1 / 0", "SELECT set_config('clarity.tenant', 'x', true)"})
  void a_connection_that_is_given_back_names_nobody(String last) {
    List<String> backends = new ArrayList<>();
    try {
      transactions.run(
          ours,
          null,
          sql -> {
            backends.add(backend(sql));
            return sql.sql(last).query((row, number) -> row.getString(1)).single();
          });
    } catch (DataAccessException expected) {
      assertThat(last).contains("/");
    }

    JdbcClient sql = database.as("tenant");
    assertThat(backend(sql)).isEqualTo(backends.getFirst());
    assertThat(
            sql.sql("SELECT coalesce(current_setting('clarity.tenant', true), '')")
                .query(String.class)
                .single())
        .isEmpty();
    assertThat(names(sql)).isEmpty();
  }

  @Test
  void a_connection_that_is_given_back_by_who_threw_names_nobody() {
    assertThatThrownBy(
            () ->
                transactions.run(
                    ours,
                    null,
                    sql -> {
                      names(sql);
                      throw new UnsupportedOperationException("broke");
                    }))
        .isInstanceOf(UnsupportedOperationException.class);

    assertThat(names(database.as("tenant"))).isEmpty();
    assertThat(transactions.read(theirs, TenantTransactionsTests::names)).containsExactly("Theirs");
  }

  /// Null is what no policy matches; an error is a fault in the code above.
  @ParameterizedTest
  @ValueSource(
      strings = {"all", " ", "1", "%", "' OR true --", "00000000-0000-0000-0000-00000000000"})
  void a_tenant_that_is_no_id_is_an_error_and_not_a_null(String named) {
    assertThatThrownBy(
            () ->
                transactions.run(
                    ours,
                    null,
                    sql -> {
                      nameTenant(sql, named);
                      return names(sql);
                    }))
        .isInstanceOf(DataAccessException.class)
        .rootCause()
        .hasMessageContaining("invalid input syntax for type uuid");
  }

  /// Whoever could send SQL could name another; the test below says that nobody else can. A
  /// transaction never has the rows of two.
  @Test
  void who_names_another_tenant_in_mid_transaction_has_left_the_first() {
    List<String> seen =
        transactions.run(
            ours,
            null,
            sql -> {
              List<String> names = new ArrayList<>(names(sql));
              nameTenant(sql, theirs.toString());
              names.addAll(names(sql));
              nameTenant(sql, "");
              names.addAll(names(sql));
              return names;
            });

    assertThat(seen).containsExactly("Ours", "Theirs");
  }

  @Test
  void a_tenant_is_named_in_three_places_each_by_a_parameter_and_for_its_transaction()
      throws IOException {
    Map<String, List<String>> naming = new TreeMap<>();
    try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
      for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
        Files.readString(source)
            .lines()
            .filter(line -> line.contains("clarity.tenant") || line.contains("clarity.person"))
            .forEach(
                line ->
                    naming
                        .computeIfAbsent(source.getFileName().toString(), name -> new ArrayList<>())
                        .add(line));
      }
    }

    assertThat(naming.keySet())
        .containsExactly("Decisions.java", "Interventions.java", "TenantTransactions.java");
    assertThat(naming.values())
        .allSatisfy(
            lines ->
                assertThat(lines)
                    .allMatch(
                        line ->
                            line.replaceAll(
                                        "set_config\\('clarity\\.(tenant|person)', (\\?|:tenant|:person), true\\)",
                                        "")
                                    .indexOf("clarity.")
                                < 0));
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

  private static String backend(JdbcClient sql) {
    return sql.sql("SELECT pg_backend_pid()").query(String.class).single();
  }

  private static void nameTenant(JdbcClient sql, String tenant) {
    sql.sql("SELECT set_config('clarity.tenant', :tenant, true)")
        .param("tenant", tenant)
        .query(String.class)
        .single();
  }

  private static String show(JdbcClient sql, String setting) {
    return sql.sql("SELECT current_setting(:name)")
        .param("name", setting)
        .query(String.class)
        .single();
  }

  private static List<String> names(JdbcClient sql) {
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
