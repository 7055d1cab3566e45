package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.embedded.TestKafka;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What others are told of executions.
class ExecutionEventsTests {
  private static final String TOPIC = "executions-" + UUID.randomUUID();
  private static EngineRig rig;

  @BeforeAll
  static void begin() {
    var settings = new LinkedHashMap<String, String>();
    var access = TestKafka.shared().access();
    settings.put("clarity.kafka.bootstrap-servers", access.bootstrapServers());
    access.security().forEach((name, value) -> settings.put("clarity.kafka.client." + name, value));
    settings.put("clarity.kafka.topic", "cdc-" + UUID.randomUUID());
    settings.put("clarity.kafka.partitions", "2");
    settings.put("clarity.maestro.events-topic", TOPIC);
    rig = EngineRig.start(settings);
  }

  @AfterAll
  static void end() {
    rig.close();
  }

  @Test
  void an_execution_is_told_when_it_starts_when_a_step_ends_and_when_it_ends() {
    var workflow =
        rig.publish(
            """
            {"name": "Told", "triggers": [{"id": "hook", "type": "webhook"}],
             "steps": [
               {"id": "one", "type": "set", "config": {"values": {"a": "=trigger.body.a"}}},
               {"id": "two", "type": "fail", "config": {"message": "no more"}}],
             "edges": [{"from": "hook", "to": "one"}, {"from": "one", "to": "two"}]}
            """);

    var execution = rig.call(workflow, Map.of("a", 1)).text("execution_id");

    var told = told(execution, 4);
    assertThat(told)
        .extracting(event -> event.at("/type").asString())
        .containsExactly(
            "execution.started",
            "execution.step_finished",
            "execution.step_finished",
            "execution.ended");
    assertThat(told)
        .allSatisfy(
            event -> {
              assertThat(event.at("/organization_id").asString())
                  .isEqualTo(rig.owner.organizationId());
              assertThat(event.at("/workflow_id").asString()).isEqualTo(workflow.id().toString());
            });
    assertThat(told.get(1).at("/outcome").asString()).isEqualTo("success");
    assertThat(told.get(3).at("/status").asString()).isEqualTo("failed");
    assertThat(told.get(3).at("/message").asString()).isEqualTo("no more");
    Awaitility.await("an empty outbox")
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                rig.server
                        .database()
                        .superuser()
                        .sql("SELECT count(*) FROM maestro.execution_outbox")
                        .query(Long.class)
                        .single()
                    == 0);
  }

  @Test
  void a_cancel_is_told() {
    var workflow =
        rig.publish(
            """
            {"name": "Slow", "triggers": [{"id": "hook", "type": "webhook"}],
             "steps": [{"id": "call", "type": "http_request", "retry": {"count": 20, "backoff_ms": 60000, "backoff_max_ms": 60000},
               "config": {"method": "POST", "url": "http://127.0.0.1:1/"}}],
             "edges": [{"from": "hook", "to": "call"}]}
            """);
    var execution = rig.call(workflow, Map.of()).text("execution_id");

    var canceled = rig.owner.client().post("/v1/executions/" + execution + "/cancel", "");

    assertThat(canceled.status()).as(canceled.response().body()).isEqualTo(200);
    var last = told(execution, 2).getLast();
    assertThat(last.at("/type").asString()).isEqualTo("execution.ended");
    assertThat(last.at("/status").asString()).isEqualTo("canceled");
  }

  /// The events of an execution, as soon as there are so many.
  private static List<JsonNode> told(String execution, int expected) {
    var access = TestKafka.shared().access();
    var settings = new HashMap<String, Object>(access.security());
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, access.bootstrapServers());
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      Awaitility.await("the topic")
          .atMost(Duration.ofSeconds(30))
          .until(() -> consumer.listTopics().containsKey(TOPIC));
      var partitions =
          consumer.partitionsFor(TOPIC).stream()
              .map(partition -> new TopicPartition(TOPIC, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var told = new ArrayList<JsonNode>();
      Awaitility.await("events of " + execution)
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                for (var message : consumer.poll(Duration.ofMillis(200))) {
                  if (new String(message.key(), StandardCharsets.US_ASCII).endsWith(execution)) {
                    told.add(EngineRig.JSON.readTree(message.value()));
                  }
                }
                return told.size() >= expected;
              });
      return told;
    }
  }
}
