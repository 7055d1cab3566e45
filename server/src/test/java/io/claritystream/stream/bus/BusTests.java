package io.claritystream.stream.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.embedded.KafkaAccess;
import io.claritystream.embedded.TestKafka;
import io.claritystream.protocol.link.BatchHeader;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class BusTests {
  private static final Duration SOON = Duration.ofSeconds(20);

  private static BusSettings settings(int partitions, DataSize laneBuffer, Duration delivery) {
    return settings(TestKafka.shared().access(), partitions, laneBuffer, delivery);
  }

  private static BusSettings settings(
      KafkaAccess access, int partitions, DataSize laneBuffer, Duration delivery) {
    return new BusSettings(
        access.bootstrapServers(),
        access.security(),
        "bus-" + UUID.randomUUID(),
        partitions,
        (short) 1,
        DataSize.ofMegabytes(256),
        DataSize.ofMegabytes(12),
        DataSize.ofMegabytes(16),
        delivery,
        laneBuffer,
        Duration.ofSeconds(6),
        null);
  }

  private static BusSettings named(BusSettings settings, int partitions, String instance) {
    return new BusSettings(
        settings.bootstrapServers(),
        settings.client(),
        settings.topic(),
        partitions,
        settings.replicas(),
        settings.retention(),
        settings.payloadMax(),
        settings.sendBuffer(),
        settings.deliveryTimeout(),
        settings.laneBuffer(),
        settings.sessionTimeout(),
        instance);
  }

  private static BusSettings settings(int partitions) {
    return settings(partitions, DataSize.ofMegabytes(8), Duration.ofSeconds(15));
  }

  private static BatchHeader header(long seq) {
    return BatchHeader.newBuilder()
        .setTenantId("t")
        .setSourceId("s")
        .setFirstSeq(seq)
        .setCount(1)
        .build();
  }

  private static long seq(Delivery delivery) throws Exception {
    return BatchHeader.parseFrom(delivery.header()).getFirstSeq();
  }

  @Test
  void how_to_connect_is_told_in_the_words_of_kafkas_clients_and_nothing_else_is() {
    var access = TestKafka.shared().access();
    Map<String, String> told = new HashMap<>();
    told.put("clarity.kafka.bootstrap-servers", access.bootstrapServers());
    access.security().forEach((name, value) -> told.put("clarity.kafka.client." + name, value));
    var settings = bind(told);
    assertThat(settings.client()).isEqualTo(access.security());
    assertThat(settings.toString()).doesNotContain(access.security().get("sasl.jaas.config"));

    told.put("clarity.kafka.client.acks", "0");
    assertThatThrownBy(() -> bind(told))
        .hasRootCauseMessage(
            "clarity.kafka.client.acks does not say how to connect: security.*, sasl.* and ssl.* do");
  }

  private static BusSettings bind(Map<String, String> told) {
    return new Binder(new MapConfigurationPropertySource(told))
        .bind("clarity.kafka", BusSettings.class)
        .get();
  }

  @Test
  void brokers_that_ask_for_a_password_refuse_whoever_has_another() {
    var security = new HashMap<>(TestKafka.shared().access().security());
    security.computeIfPresent(
        "sasl.jaas.config", (name, login) -> login.replaceFirst("password=\"", "password=\"x"));
    var stranger = new KafkaAccess(TestKafka.shared().access().bootstrapServers(), security);
    try (var keeper =
        new TopicKeeper(settings(stranger, 1, DataSize.ofMegabytes(8), Duration.ofSeconds(15)))) {
      assertThatThrownBy(keeper::ensure).isInstanceOf(SaslAuthenticationException.class);
    }
  }

  @Test
  void the_topic_is_made_as_it_must_be_and_mended_when_it_is_not() throws Exception {
    var settings = settings(3);
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, settings.topic());
    try (var keeper = new TopicKeeper(settings);
        var admin = Admin.create(TestKafka.shared().access().properties())) {
      var made = keeper.ensure();
      assertThat(made.partitions()).isEqualTo(3);
      assertThat(keeper.ensure()).isEqualTo(made);
      admin
          .incrementalAlterConfigs(
              Map.of(
                  resource,
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("retention.ms", "1000"), AlterConfigOp.OpType.SET))))
          .all()
          .get(10, TimeUnit.SECONDS);
      await().atMost(SOON).until(() -> value(admin, resource, "retention.ms").equals("1000"));
      keeper.ensure();
      await().atMost(SOON).until(() -> value(admin, resource, "retention.ms").equals("-1"));
      assertThat(value(admin, resource, "retention.bytes"))
          .isEqualTo(Long.toString(settings.retention().toBytes()));
      assertThat(value(admin, resource, "cleanup.policy")).isEqualTo("delete");
    }
  }

  private static String value(Admin admin, ConfigResource resource, String name) throws Exception {
    return admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name).value();
  }

  @Test
  void a_batch_arrives_as_it_was_sent_with_its_header() throws Exception {
    var settings = settings(1);
    var lanes = new ConcurrentHashMap<Integer, Lane>();
    try (var bus = new EventBus(settings, new SimpleMeterRegistry());
        var consumer = new PartitionConsumer(settings, settings.topic())) {
      bus.start();
      consumer.start(lane -> lanes.put(lane.partition(), lane));
      await().atMost(SOON).until(() -> lanes.size() == 1);
      var payload = new byte[] {1, 2, 3, -1};
      var offset = bus.send(0, header(7), payload).get(20, TimeUnit.SECONDS);
      var lane = lanes.get(0);
      assertThat(lane.seek(offset.value()).get(10, TimeUnit.SECONDS)).isEqualTo(offset.value());
      var delivery = lane.poll(SOON.toNanos());
      assertThat(delivery).isNotNull();
      assertThat(delivery.offset()).isEqualTo(offset.value());
      assertThat(delivery.payload()).isEqualTo(payload);
      assertThat(BatchHeader.parseFrom(delivery.header())).isEqualTo(header(7));
    }
    assertThat(lanes.get(0).lost()).as("lost once its consumer is closed").isTrue();
    assertThat(lanes.get(0).seek(0)).isCancelled();
  }

  /// The group gives a name that comes back what it had before. That may be too little: the topic
  /// has grown, or was made anew.
  @Test
  void a_consumer_that_comes_back_under_its_name_is_given_partitions_that_are_new() {
    var settings = settings(1);
    for (var partitions = 1; partitions <= 3; partitions++) {
      var lanes = new ConcurrentHashMap<Integer, Lane>();
      var all = partitions;
      try (var consumer =
          new PartitionConsumer(named(settings, partitions, "one"), settings.topic())) {
        consumer.start(lane -> lanes.put(lane.partition(), lane));
        await(partitions + " partitions").atMost(SOON).until(() -> lanes.size() == all);
      }
    }
  }

  @Test
  void a_slow_worker_holds_up_its_own_partition_alone_and_misses_nothing() throws Exception {
    var settings = settings(2, DataSize.ofKilobytes(64), Duration.ofSeconds(15));
    var lanes = new ConcurrentHashMap<Integer, Lane>();
    try (var bus = new EventBus(settings, new SimpleMeterRegistry());
        var consumer = new PartitionConsumer(settings, settings.topic())) {
      bus.start();
      consumer.start(lane -> lanes.put(lane.partition(), lane));
      await().atMost(SOON).until(() -> lanes.size() == 2);
      for (var lane : lanes.values()) {
        lane.seek(0).get(10, TimeUnit.SECONDS);
      }
      for (var seq = 1; seq <= 300; seq++) {
        bus.send(0, header(seq), new byte[4_096]);
        bus.send(1, header(seq), new byte[4_096]).get(20, TimeUnit.SECONDS);
      }
      assertThat(seqs(lanes.get(1), 300)).isEqualTo(upTo(300));
      assertThat(lanes.get(0).recordsBehind()).isPositive();
      assertThat(seqs(lanes.get(0), 300)).isEqualTo(upTo(300));
      // Back to the middle: what was read ahead is forgotten.
      lanes.get(0).seek(150).get(10, TimeUnit.SECONDS);
      assertThat(seqs(lanes.get(0), 1)).containsExactly(151L);
    }
  }

  @Test
  void a_batch_that_brokers_do_not_take_fails_in_time_and_is_not_forgotten() throws Exception {
    int port;
    try (var socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    var settings =
        settings(
            new KafkaAccess("127.0.0.1:" + port, Map.of()),
            1,
            DataSize.ofMegabytes(8),
            Duration.ofSeconds(3));
    var meters = new SimpleMeterRegistry();
    try (var bus = new EventBus(settings, meters)) {
      assertThatThrownBy(() -> bus.send(0, header(1), new byte[1]).get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
      assertThat(meters.get("clarity_bus_send_failures_total").counter().count()).isEqualTo(1);
    }
  }

  private static List<Long> seqs(Lane lane, int count) throws Exception {
    var seqs = new ArrayList<Long>();
    while (seqs.size() < count) {
      var next = lane.poll(SOON.toNanos());
      assertThat(next).as("after %s", seqs.size()).isNotNull();
      seqs.add(seq(next));
    }
    return seqs;
  }

  private static List<Long> upTo(long last) {
    return java.util.stream.LongStream.rangeClosed(1, last).boxed().toList();
  }
}
