package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A table whose key is made of another column by now: its stored rows are found by that.
class RekeyingTests {
  private static final TableSchema BY_ID = table("pumps", "id int4 key", "code text");
  private static final TableSchema BY_CODE = table("pumps", "id int4", "code text key");

  private final TestDatabase database = TestDatabase.create();
  private final ReadModels models = new ReadModels(database, UUID.randomUUID(), UUID.randomUUID());
  private final Capture capture = new Capture();

  @AfterEach
  void end() {
    models.close();
  }

  /// Each statement has a limit of time, and one that meets it is tried again for ever.
  @Test
  void no_statement_that_keys_a_large_table_anew_writes_more_than_a_portion_of_it() {
    var rows = 11_000;
    var youngest = new TreeMap<String, Long>();
    for (var i = 0; i < rows; i++) {
      var code = String.valueOf(i * 7919 % 9_000);
      youngest.put(key(code), capture.nextSeq());
      capture.insert(BY_ID, i, code);
    }
    models.apply(capture.take());
    forbidUpdatesOf(5_000);

    youngest.put(key("new"), capture.nextSeq());
    models.apply(capture.insert(BY_CODE, rows, "new").take());
    assertThat(stored()).containsExactlyElementsOf(words(youngest));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_row_whose_key_stays_is_left_where_it_is_unless_a_younger_one_has_that_key_now(
      boolean keep) {
    if (keep) {
      models.keepDeletedRowsOf("public.pumps");
    }
    models.apply(
        capture
            .insert(BY_ID, 1, "1")
            .insert(BY_ID, 2, "1")
            .insert(BY_ID, 3, "9")
            .insert(BY_ID, 9, "3")
            .insert(BY_ID, 5, "5")
            .insert(BY_ID, 6, "7")
            .insert(BY_ID, 7, "7")
            .take());
    var places =
        "SELECT string_agg(ctid::text, ' ' ORDER BY born) FROM analytics.row_state WHERE key IN ('1:5;', '1:7;')";
    var before = models.one(places);
    models.apply(capture.insert(BY_CODE, 8, "8").take());
    assertThat(stored())
        .containsExactly("1:1; 2", "1:3; 4", "1:5; 5", "1:7; 7", "1:8; 8", "1:9; 3");
    assertThat(models.one(places)).isEqualTo(before);
    assertThat(models.one("SELECT count(*) FROM analytics.row_state WHERE key IS NULL"))
        .isEqualTo(keep ? "2" : "0");
  }

  @Test
  void rows_of_a_table_that_is_emptied_are_not_keyed_anew_before() {
    var sites = table("sites", "id int4 key", "name text");
    models.apply(capture.insert(BY_ID, 1, "a").insert(BY_ID, 2, "b").take());
    forbidUpdatesOf(0);
    models.apply(
        capture.insert(sites, 1, "North").readAgain(BY_CODE, new Object[] {1, "a"}).take());
    models.restart();
    models.apply(capture.insert(BY_CODE, 3, "c").delete(BY_CODE, "a").take());
    assertThat(stored()).containsExactly("1:1; 3", "1:c; 6");
  }

  /// @param rows at once; more is an error
  private void forbidUpdatesOf(int rows) {
    database
        .superuser()
        .sql(
            """
            CREATE FUNCTION public.forbid() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF (SELECT count(*) FROM written) > %d OR %d = 0 THEN
                RAISE EXCEPTION 'one statement updates more than %d rows';
              END IF;
              RETURN NULL;
            END $$;
            GRANT USAGE ON SCHEMA public TO clarity_service;
            GRANT EXECUTE ON FUNCTION public.forbid() TO clarity_service;
            CREATE TRIGGER forbid AFTER UPDATE ON analytics.row_state
              REFERENCING NEW TABLE AS written
              FOR EACH STATEMENT EXECUTE FUNCTION public.forbid();
            """
                .formatted(rows, rows, rows))
        .update();
  }

  private static String key(String code) {
    return code.length() + ":" + code + ";";
  }

  private static List<String> words(TreeMap<String, Long> youngest) {
    var words = new ArrayList<String>();
    youngest.forEach((key, seq) -> words.add(key + " " + seq));
    return words;
  }

  /// Key and number of the event that created it, of each row that an event may mean.
  private List<String> stored() {
    return models
        .rows(
            """
            SELECT convert_from(key, 'UTF8') || ' ' || born % (1::bigint << 40) AS words
            FROM analytics.row_state WHERE key IS NOT NULL
            ORDER BY key
            """)
        .stream()
        .map(row -> row.get("words").toString())
        .toList();
  }
}
