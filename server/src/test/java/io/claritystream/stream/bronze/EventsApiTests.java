package io.claritystream.stream.bronze;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.Clarity;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.stream.ingest.SimulatedSource;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EventsApiTests {
  private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
  private static final Event PLAIN = Event.reading(1, NOON, "1");

  @Test
  void a_large_payload_is_left_out_of_the_list_and_had_alone_up_to_a_limit() throws SQLException {
    try (var server = TestServer.start(Map.of(), Clarity.class)) {
      var ours = server.client().register("ours@example.com");
      var client = ours.client();
      var note = "water ".repeat(200_000);
      var large = store(server, ours.organizationId(), PLAIN.note(note));
      var tooLarge = store(server, ours.organizationId(), PLAIN.note("\u0001".repeat(3_000_000)));
      store(server, ours.organizationId(), PLAIN);

      var list = client.get("/v1/events").body().get("data");
      assertThat(list.valueStream().map(event -> event.get("payload").isNull()))
          .containsExactlyInAnyOrder(false, true, true);
      assertThat(list.valueStream().map(event -> event.get("payload_bytes").asLong()))
          .allMatch(bytes -> bytes > 0);

      var whole = client.get("/v1/events/" + idOf(client, large));
      assertThat(whole.status()).isEqualTo(200);
      assertThat(whole.body().at("/payload/after/note").asString()).isEqualTo(note);
      var refused = client.get("/v1/events/" + idOf(client, tooLarge));
      assertThat(refused.status()).isEqualTo(413);
      assertThat(refused.body().get("code").asString()).isEqualTo("answer_too_large");
      assertThat(client.get("/v1/events/" + UUID.randomUUID()).status()).isEqualTo(404);
      var theirs = server.client().register("theirs@example.com").client();
      assertThat(theirs.get("/v1/events/" + idOf(client, large)).status()).isEqualTo(404);
    }
  }

  private static String idOf(ApiClient client, UUID source) {
    return client.get("/v1/events?source_id=" + source).body().at("/data/0/event_id").asString();
  }

  private static UUID store(TestServer server, String organization, Event... events)
      throws SQLException {
    new BronzePartitions(server.database().as("service"), Clock.fixed(NOON, ZoneOffset.UTC))
        .ensure(List.of(LocalDate.ofInstant(NOON, ZoneOffset.UTC)));
    var source =
        new SimulatedSource(
            new TenantId(UUID.fromString(organization)), UUID.randomUUID(), 0, NOON);
    var batch = source.batch(events);
    var rows = new BronzeBatch();
    var ids = new SourceEpoch(source.tenant(), source.id(), batch.header().getEpoch());
    for (var event : new BlockReader().read(batch.header(), batch.payload()).events()) {
      rows.add(ids, event, 1, event.capturedAtUs() / 1_000, NOON);
    }
    try (var connection = server.database().dataSource("service").getConnection()) {
      rows.copy(connection);
    }
    return source.id();
  }
}
