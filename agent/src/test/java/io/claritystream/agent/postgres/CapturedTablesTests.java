package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is remembered of a source's tables, and until when.
class CapturedTablesTests {
  @TempDir Path directory;
  private Path file;
  private CapturedTables tables;

  @BeforeEach
  void begin() throws IOException {
    file = directory.resolve("tables");
    tables = CapturedTables.load(file);
  }

  /// `x` was dropped, cleared, created again and read, and all of that is durable long since.
  @Test
  void aNameThatAnotherTableHoldsIsNotClearedOnceMoreWhenTheSpoolIsLost() throws Exception {
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    tables.put(table(2, "x", Stand.HELD, null));
    tables.again();
    assertThat(tables.standing(Stand.LEAVING)).isEmpty();
    assertThat(tables.get(2).stand()).isEqualTo(Stand.HELD);
    assertThat(tables.dropped(7, 90)).as("no change of the dropped one comes in").contains(1L);
  }

  @Test
  void whatIsNotDurableIsDoneAgainWhenTheSpoolIsLost() throws Exception {
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    tables.put(table(2, "y", Stand.HELD, new Cut(Visible.parse("5:5:"), 100, 20)));
    tables.put(table(3, "z", Stand.HELD, null));
    tables.again();
    assertThat(tables.get(1).stand()).isEqualTo(Stand.LEAVING);
    assertThat(tables.get(2)).isEqualTo(table(2, "y", Stand.WANTED, null));
    assertThat(tables.get(3)).isEqualTo(table(3, "z", Stand.HELD, null));
  }

  @Test
  void noTableIsReadAsLongAsOneIsToBeCleared() throws Exception {
    tables.put(table(1, "x", Stand.LEAVING, null));
    tables.put(table(2, "x", Stand.WANTED, null));
    assertThat(tables.toRead()).isEmpty();
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    assertThat(tables.toRead()).containsExactly(table(2, "x", Stand.WANTED, null));
  }

  @Test
  void aDroppedTableIsForgottenOnceNothingOfItCanComeAgain() throws Exception {
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    tables.settled(20, 300);
    assertThat(tables.get(1)).as("it may be there still").isNotNull();
    tables.absent(Set.of(1L), 200);
    tables.absent(Set.of(1L), 900);
    tables.settled(9, 300);
    assertThat(tables.get(1)).as("what clears its rows is not durable").isNotNull();
    tables.settled(10, 199);
    assertThat(tables.get(1)).as("changes of it may come again").isNotNull();
    tables.settled(10, 200);
    assertThat(tables.get(1)).isNull();
    assertThat(CapturedTables.load(file).all()).isEmpty();
  }

  static CapturedTable table(long oid, String name, Stand stand, Cut cut) {
    return new CapturedTable(oid, new TableName("public", name), stand, null, "", cut);
  }
}
