package io.claritystream.stream.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveMessage;
import io.claritystream.base.live.LiveStream;
import io.claritystream.embedded.TestKafka;
import io.claritystream.stream.bus.Broadcast;
import io.claritystream.stream.bus.BusSettings;
import io.claritystream.stream.source.DurableMark;
import io.claritystream.stream.source.DurableMarks;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Two processes' relays over a real broker.
class RelayTests {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final AtomicInteger TOPICS = new AtomicInteger();

  private static final class Process {
    final LiveHub hub = new LiveHub();
    final DurableMarks marks = new DurableMarks();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final Relay relay;

    Process(String topic) {
      relay = new Relay(new Broadcast(settings(topic), meters), hub, marks, JsonMapper.shared());
      relay.start();
    }
  }

  private static BusSettings settings(String topic) {
    return BusSettings.of(
        TestKafka.shared().access().bootstrapServers(),
        TestKafka.shared().access().security(),
        topic,
        1);
  }

  private final TenantId tenant = new TenantId(UUID.randomUUID());
  private final TenantId stranger = new TenantId(UUID.randomUUID());
  private String topic;
  private Process here;
  private Process there;

  @BeforeEach
  void start() {
    topic = "relay-" + ProcessHandle.current().pid() + "-" + TOPICS.incrementAndGet();
    here = new Process(topic);
    there = new Process(topic);
    // Each hears the other; before that pages are only told to read again.
    try (var one = here.hub.open(new TenantId(new UUID(8, 1)));
        var other = there.hub.open(new TenantId(new UUID(8, 2)))) {
      assertThat(List.of(one, other)).hasSize(2);
      await()
          .atMost(SOON)
          .until(
              () ->
                  there.relay.isWatched(new TenantId(new UUID(8, 1)))
                      && here.relay.isWatched(new TenantId(new UUID(8, 2))));
    }
  }

  @AfterEach
  void stop() {
    here.relay.stop();
    there.relay.stop();
  }

  private static LiveMessage.Reading reading(String value) {
    return new LiveMessage.Reading(
        new UUID(0, 1),
        null,
        "flow",
        new BigDecimal(value),
        Instant.parse("2026-11-20T12:00:00.123456Z"),
        7);
  }

  /// A page at `there`, of which `here` knows.
  private LiveStream page() {
    var page = there.hub.open(tenant);
    await().atMost(SOON).until(() -> here.hub.isWatched(tenant));
    return page;
  }

  private static LiveStream.Delivery next(LiveStream page) throws InterruptedException {
    var delivery = page.next(SOON);
    while (delivery.readAgain() && delivery.readings().isEmpty() && delivery.sources().isEmpty()) {
      // What a relay says when it begins to hear.
      delivery = page.next(SOON);
    }
    return delivery;
  }

  @Test
  void a_reading_that_is_committed_here_reaches_a_page_there_to_the_letter() throws Exception {
    try (var page = page()) {
      var told = reading("12345678901234567890.000000001");
      here.hub.publish(stranger, new LiveMessage.Readings(List.of(reading("666"))));
      here.hub.publish(tenant, new LiveMessage.Readings(List.of(told)));
      assertThat(next(page).readings()).containsExactly(told);
    }
  }

  @Test
  void many_readings_are_told_in_parts_and_all_arrive() throws Exception {
    try (var page = page()) {
      var told = new ArrayList<LiveMessage.Reading>();
      for (var i = 0; i < 5_000; i++) {
        told.add(
            new LiveMessage.Reading(
                new UUID(1, i), new UUID(2, i), "k" + i, BigDecimal.ONE, Instant.EPOCH, i));
      }
      here.hub.publish(tenant, new LiveMessage.Readings(told));
      var heard = new ArrayList<LiveMessage.Reading>();
      while (heard.size() < told.size()) {
        var delivery = next(page);
        assertThat(delivery.isEmpty()).isFalse();
        heard.addAll(delivery.readings());
      }
      assertThat(heard).containsExactlyInAnyOrderElementsOf(told);
    }
  }

  @Test
  void a_source_is_shown_there_as_the_api_shows_it() throws Exception {
    try (var page = page()) {
      var id = UUID.randomUUID();
      var view = Map.of("id", id, "state", "failed", "lag_s", 1.5);
      here.hub.publish(tenant, new LiveMessage.Source(id, view));
      var delivery = next(page);
      assertThat(delivery.sources()).singleElement();
      assertThat(JsonMapper.shared().writeValueAsString(delivery.sources().getFirst().view()))
          .isEqualTo(JsonMapper.shared().valueToTree(view).toString());
    }
  }

  @Test
  void a_model_that_is_exchanged_here_has_pages_there_read_again() throws Exception {
    try (var page = page()) {
      // What a relay says when it begins to hear comes first.
      here.hub.publish(tenant, new LiveMessage.Readings(List.of(reading("1"))));
      assertThat(next(page).readings()).hasSize(1);
      here.hub.publish(tenant, new LiveMessage.ReadAgain());
      assertThat(page.next(SOON).readAgain()).isTrue();
    }
  }

  @Test
  void where_nobody_watches_nothing_is_told() throws Exception {
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    var listening = new CountDownLatch(1);
    try (var page = page();
        var listener = new Broadcast(settings(topic), new SimpleMeterRegistry())) {
      listener.start(
          new Broadcast.Listener() {
            @Override
            public void heard(byte[] message) {
              told.add(new String(message, StandardCharsets.UTF_8));
            }

            @Override
            public void listening() {
              listening.countDown();
            }
          });
      assertThat(listening.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(here.hub.isWatched(stranger)).isFalse();
      here.hub.publish(stranger, new LiveMessage.Readings(List.of(reading("1"))));
      here.hub.publish(stranger, new LiveMessage.Source(UUID.randomUUID(), Map.of()));
      here.hub.publish(stranger, new LiveMessage.ReadAgain());
      // Messages keep their order, so whatever was told of the stranger is heard before this.
      here.hub.publish(tenant, new LiveMessage.Readings(List.of(reading("2"))));
      var heard = new ArrayList<String>();
      do {
        var message = told.poll(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(message).isNotNull();
        heard.add(message);
      } while (!heard.getLast().contains("\"readings\""));
      assertThat(heard.getLast()).contains(tenant.value().toString());
      assertThat(heard).noneMatch(message -> message.contains(stranger.value().toString()));
      assertThat(page).isNotNull();
    }
    await().atMost(SOON).until(() -> !here.hub.isWatched(tenant));
  }

  @Test
  void more_tenants_than_fit_into_a_message_are_told_of_in_several() {
    var pages = new ArrayList<LiveStream>();
    try {
      for (var i = 0; i < 30_000; i++) {
        pages.add(there.hub.open(new TenantId(new UUID(9, i))));
      }
      await()
          .atMost(SOON)
          .until(
              () ->
                  IntStream.range(0, 30_000)
                      .allMatch(i -> here.hub.isWatched(new TenantId(new UUID(9, i)))));
    } finally {
      pages.forEach(LiveStream::close);
    }
  }

  @Test
  void what_ingest_misses_is_asked_for_wherever_the_source_is_served() throws Exception {
    var source = UUID.randomUUID();
    BlockingQueue<Long> asked = new LinkedBlockingQueue<>();
    there.marks.listen(
        source,
        new DurableMarks.Listener() {
          @Override
          public void durable(DurableMark mark) {}

          @Override
          public void missing(int epoch, long firstMissingSeq) {
            asked.add(1_000L * epoch + firstMissingSeq);
          }
        });
    try (var page = page()) {
      assertThat(page).isNotNull();
      here.marks.missing(source, 3, 42);
      assertThat(asked.poll(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(3_042);
      there.marks.missing(source, 3, 43);
      assertThat(asked.poll(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(3_043);
    }
    assertThat(asked).isEmpty();
  }

  @Test
  void a_stream_here_that_does_not_know_its_end_keeps_nothing_from_the_one_that_serves()
      throws Exception {
    var source = UUID.randomUUID();
    BlockingQueue<Long> asked = new LinkedBlockingQueue<>();
    here.marks.listen(source, missed(seq -> {}));
    there.marks.listen(source, missed(asked::add));
    here.marks.missing(source, 3, 42);
    assertThat(asked.poll(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(42);
  }

  private static DurableMarks.Listener missed(LongConsumer told) {
    return new DurableMarks.Listener() {
      @Override
      public void durable(DurableMark mark) {}

      @Override
      public void missing(int epoch, long firstMissingSeq) {
        told.accept(firstMissingSeq);
      }
    };
  }
}
