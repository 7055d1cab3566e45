package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A table of devices or sites that is captured no more, and one with its columns that comes later.
class RenamedTableTests {
  private static final TableSchema SITES = sites("sites");
  private static final TableSchema DEVICES =
      new TableSchema(
          "public",
          "devices",
          'd',
          "",
          List.of(
              new Column("id", "integer", 0, ValueKind.INT, true, true, ""),
              new Column("site_id", "integer", 0, ValueKind.INT, false, false, ""),
              new Column("name", "text", 0, ValueKind.TEXT, false, false, "")),
          List.of());

  private final IngestRig rig = new IngestRig(1);
  private final SimulatedSource source = rig.source(rig.tenant("Northgate"), 0);
  private int sent;

  @BeforeEach
  void north() {
    rig.start();
    send(SITES, row(Op.INSERT, "1", "North"));
    send(DEVICES, row(Op.INSERT, "7", "1", "Filler"));
    assertThat(placed()).isEqualTo("Filler at North");
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private static TableSchema sites(String name) {
    return new TableSchema(
        "public",
        name,
        'd',
        "",
        List.of(
            new Column("id", "integer", 0, ValueKind.INT, true, true, ""),
            new Column("name", "text", 0, ValueKind.TEXT, false, false, "")),
        List.of());
  }

  private static TableSchema nameAlone(String name) {
    return new TableSchema("public", name, 'd', "", List.of(), List.of());
  }

  private static Event row(Op op, String... cells) {
    return new Event(op, Arrays.asList(cells));
  }

  private void send(TableSchema table, Event... events) {
    rig.send(source, source.batch(table, events));
    sent += events.length;
    rig.awaitDurable(source, sent);
  }

  private String placed() {
    return rig.superuser()
        .sql(
            """
            SELECT string_agg(d.name || ' at ' || s.name, ', ' ORDER BY 1)
            FROM analytics.devices d JOIN analytics.sites s USING (site_id)
            """)
        .query(String.class)
        .single();
  }

  @Test
  void a_table_that_is_captured_again_as_it_was_is_not_taken_for_one_with_its_columns() {
    send(nameAlone("sites"), Event.CLEARED);
    send(SITES, row(Op.READ, "1", "North"));
    rig.stopAll();
    rig.start();
    send(sites("shelves"), row(Op.INSERT, "1", "Old words"));
    send(SITES, row(Op.UPDATE, "1", "Nord"));
    assertThat(placed()).isEqualTo("Filler at Nord");
  }

  @Test
  void a_table_whose_place_another_took_is_taken_for_no_third_one() {
    send(nameAlone("sites"), Event.CLEARED);
    send(sites("locations"), row(Op.READ, "1", "North"));
    assertThat(placed()).isEqualTo("Filler at North");
    send(sites("locations_archive"), row(Op.INSERT, "1", "Old words"));
    send(sites("locations"), row(Op.UPDATE, "1", "Nord"));
    assertThat(placed()).isEqualTo("Filler at Nord");
  }

  @Test
  void a_table_that_came_back_is_known_when_it_is_renamed_then() {
    send(nameAlone("sites"), Event.CLEARED);
    send(SITES, row(Op.READ, "1", "North"));
    send(nameAlone("sites"), Event.CLEARED);
    send(sites("locations"), row(Op.READ, "1", "North"));
    send(sites("locations"), row(Op.UPDATE, "1", "Nord"));
    assertThat(placed()).isEqualTo("Filler at Nord");
  }
}
