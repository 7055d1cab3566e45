package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.SourceTables.First;
import io.claritystream.stream.source.SourceRef;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Making the schemas of a source's tables known.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SchemaVersionsTests {
  private final TestDatabase database = TestDatabase.create();
  private final SourceTables tables = TestMaterializer.tables(database);

  @AfterAll
  void close() {
    database.close();
  }

  private SourceRef source() {
    var tenant = database.tenant("t" + UUID.randomUUID());
    var id = UUID.randomUUID();
    new ReadModels(database, tenant.value(), id);
    return new SourceRef(tenant, id, id, "db", 0, 1, 1);
  }

  private static First first(TableSchema schema, long seq) {
    return new First(schema, TableSchema.fingerprint(schema.encode()), seq);
  }

  private static List<First> many(String prefix, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> first(table(prefix + i, "id int4 key", "name text"), i + 1))
        .toList();
  }

  private long count(String what, SourceRef source) {
    return database
        .superuser()
        .sql(
            "SELECT count(DISTINCT %s) FROM control.source_table WHERE source_id = :id"
                .formatted(what))
        .param("id", source.sourceId())
        .query(Long.class)
        .single();
  }

  @Test
  void many_new_tables_are_made_known_in_one_transaction() throws SQLException {
    var source = source();
    assertThat(tables.versions(source, 1, many("a", 1_000))).containsOnly(1).hasSize(1_000);
    assertThat(count("table_name", source)).isEqualTo(1_000);
    assertThat(count("xmin::text", source)).isEqualTo(1);
  }

  @Test
  void several_versions_of_a_table_at_once_are_counted_in_their_order() throws SQLException {
    var source = source();
    var narrow = first(table("pumps", "id int4 key"), 1);
    var wide = first(table("pumps", "id int4 key", "name text"), 2);
    var widest = first(table("pumps", "id int4 key", "name text", "note text"), 3);
    assertThat(tables.versions(source, 1, List.of(narrow, wide, narrow))).containsExactly(1, 2, 1);
    assertThat(tables.versions(source, 1, List.of(widest, wide))).containsExactly(3, 2);
  }

  @Test
  void what_another_process_was_faster_with_is_counted_on_from() throws SQLException {
    var source = source();
    var other = TestMaterializer.tables(database);
    assertThat(tables.versions(source, 1, many("a", 1))).containsExactly(1);
    var theirs = first(table("pumps", "id int4 key"), 1);
    var ours = first(table("pumps", "id int4 key", "name text"), 1);
    assertThat(other.versions(source, 1, List.of(theirs))).containsExactly(1);
    assertThat(tables.versions(source, 1, List.of(ours))).containsExactly(2);
    assertThat(tables.versions(source, 1, List.of(theirs))).containsExactly(1);
  }

  @Test
  void a_source_makes_so_many_an_hour_and_keeps_what_it_has() throws SQLException {
    var source = source();
    var allowed = many("a", SchemaAllowance.NEW_PER_HOUR);
    tables.versions(source, 1, allowed);
    var more = new ArrayList<First>(allowed.subList(0, 2));
    Collections.addAll(more, many("b", 1_000).toArray(First[]::new));
    assertThatThrownBy(() -> tables.versions(source, 1, more))
        .isInstanceOf(TooManySchemasException.class)
        .hasMessageContaining("within an hour");
    assertThat(TestMaterializer.tables(database).versions(source, 1, allowed.subList(0, 2)))
        .containsExactly(1, 1);
    assertThat(tables.versions(source(), 1, many("a", 10))).hasSize(10);
  }
}
