package io.claritystream.stream.source;

import static io.claritystream.stream.materializer.Capture.COMMITTED;
import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What the API says of a source's tables, and of how exact what was built from them is.
class SourceTablesTests {
  private static final TableSchema PUMPS = table("pumps", "id int4 key", "name text");
  private static final TableSchema VALVES = table("valves", "id int4 key", "name text");

  private static TestServer server;
  private static ApiClient.Registered person;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of());
    person = server.client().register("owner@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static UUID source(Capture capture) {
    var source = UUID.randomUUID();
    new ReadModels(server.database(), UUID.fromString(person.organizationId()), source)
        .apply(capture.take());
    return source;
  }

  @Test
  void a_table_counts_each_kind_of_event() {
    var source =
        source(
            new Capture()
                .event(Op.READ, PUMPS, COMMITTED, 1, "Alpha")
                .event(Op.READ, PUMPS, COMMITTED, 2, "Beta")
                .insert(PUMPS, 3, "Gamma")
                .event(Op.TRUNCATE, PUMPS, COMMITTED));

    var pumps = person.client().get("/v1/sources/" + source + "/tables").body().at("/data/0");

    assertThat(pumps.get("reads").asInt()).isEqualTo(2);
    assertThat(pumps.get("inserts").asInt()).isEqualTo(1);
    assertThat(pumps.get("rows").asInt()).isEqualTo(3);
    assertThat(pumps.get("truncates").asInt()).isEqualTo(1);
    assertThat(pumps.get("skipped").asInt()).isEqualTo(1);
    assertThat(pumps.get("failed").asInt()).isZero();
    assertThat(pumps.get("exact").asBoolean()).isFalse();
  }

  @Test
  void a_source_says_how_many_of_its_tables_are_not_exact() {
    var source =
        source(
            new Capture()
                .insert(PUMPS, 1, "Alpha")
                .insert(VALVES, 1, "Inlet")
                .event(Op.TRUNCATE, VALVES, COMMITTED));

    assertThat(person.client().get("/v1/sources/" + source).body().get("tables_not_exact").asInt())
        .isEqualTo(1);
  }
}
