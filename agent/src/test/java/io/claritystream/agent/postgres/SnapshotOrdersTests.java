package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.agent.postgres.SnapshotOrders.Order;
import io.claritystream.agent.postgres.SnapshotOrders.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How an ordered snapshot of single tables ends.
class SnapshotOrdersTests {
  @TempDir Path directory;
  private SnapshotOrders orders;
  private CapturedTables tables;

  @BeforeEach
  void begin() throws IOException {
    orders = SnapshotOrders.load(directory.resolve("orders"));
    tables = CapturedTables.load(directory.resolve("tables"));
    tables.put(CapturedTablesTests.table(1, "x", Stand.HELD, null));
    tables.put(CapturedTablesTests.table(2, "y", Stand.HELD, null));
  }

  @Test
  void ofATableThatLeavesMeanwhileFailsInWordsOnceTheOthersAreRead() throws Exception {
    orders.take("one", List.of("public.x", "public.y"));
    orders.step(tables);
    tables.put(CapturedTablesTests.table(1, "x", Stand.LEAVING, null));
    orders.step(tables);
    assertThat(only().stage()).isEqualTo(Stage.RUNNING);
    assertThat(only().done()).isZero();
    tables.put(CapturedTablesTests.table(2, "y", Stand.HELD, null));
    orders.step(tables);
    assertThat(only().stage()).isEqualTo(Stage.FAILED);
    assertThat(only().reason()).isEqualTo("captured no more: public.x");
    assertThat(only().done()).isEqualTo(1);
  }

  @Test
  void isDoneWhenAllAreRead() throws Exception {
    orders.take("one", List.of("public.x"));
    orders.step(tables);
    tables.put(CapturedTablesTests.table(1, "x", Stand.HELD, null));
    orders.step(tables);
    assertThat(only().stage()).isEqualTo(Stage.DONE);
  }

  /// The agent was killed between the snapshot's end and the order's.
  @Test
  void ofAllTablesIsDoneWhenTheStreamGoesOn() throws Exception {
    orders.take("all", List.of());
    assertThat(orders.asksForAll()).isTrue();
    orders.allBegun();
    assertThat(orders.asksForAll()).isFalse();
    orders.step(tables);
    assertThat(only().stage()).isEqualTo(Stage.DONE);
  }

  @Test
  void thatCannotBeWrittenDownIsTakenTheNextTime() throws Exception {
    var fresh = Files.createDirectories(directory.resolve("orders.new/in/the/way"));
    assertThatThrownBy(() -> orders.take("one", List.of("public.x")))
        .isInstanceOf(IOException.class);
    assertThat(orders.all()).isEmpty();
    for (var at = fresh; !at.equals(directory); at = at.getParent()) {
      Files.delete(at);
    }
    orders.take("one", List.of("public.x"));
    assertThat(SnapshotOrders.load(directory.resolve("orders")).all()).hasSize(1);
  }

  private Order only() {
    assertThat(orders.all()).hasSize(1);
    return orders.all().getFirst();
  }
}
