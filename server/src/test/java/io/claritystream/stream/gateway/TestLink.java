package io.claritystream.stream.gateway;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.edge.TestEdge;
import io.claritystream.embedded.KafkaAccess;
import io.claritystream.embedded.TestKafka;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.PlatformAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;

/// The link as it runs: the server with API and gateway on a real PostgreSQL and Kafka, an edge in
/// front of it, and a [Committer] in the place of ingest, so that a test says what becomes durable.
final class TestLink implements AutoCloseable {
  final TestServer server;
  final TestEdge edge;
  final Committer committer;
  final ApiClient person;
  private final Path directory;

  private TestLink(
      TestServer server, TestEdge edge, Committer committer, ApiClient person, Path directory) {
    this.server = server;
    this.edge = edge;
    this.committer = committer;
    this.person = person;
    this.directory = directory;
  }

  static TestLink start() {
    return start(Map.of(), new Properties());
  }

  static TestLink start(Map<String, String> settings, Properties edgeSettings) {
    Path directory;
    try {
      directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "link-");
    } catch (IOException e) {
      throw new IllegalStateException("no directory", e);
    }
    String topic = "cdc.link." + UUID.randomUUID();
    Map<String, String> all = new HashMap<>();
    all.put("clarity.roles", "api,gateway");
    KafkaAccess kafka = TestKafka.shared().access();
    all.put("clarity.kafka.bootstrap-servers", kafka.bootstrapServers());
    kafka.security().forEach((name, value) -> all.put("clarity.kafka.client." + name, value));
    all.put("clarity.kafka.topic", topic);
    all.put("clarity.kafka.partitions", "2");
    all.put("clarity.gateway.edge-credentials-directory", directory.toString());
    all.put("clarity.gateway.pairings-per-minute", "1000");
    all.put("clarity.edge.public-url", "https://localhost:1234");
    all.putAll(settings);
    Committer.makeTopic(topic, 2);
    TestServer server = TestServer.start(all);
    TestEdge edge = TestEdge.start(server.bean(Gateway.class).port(), directory, edgeSettings);
    Committer committer =
        new Committer(topic, server.database().as("service"), server.bean(DurableMarks.class));
    ApiClient person = server.client().register("owner@example.com").client();
    return new TestLink(server, edge, committer, person, directory);
  }

  PlatformAuthority authority() {
    return server.bean(PlatformAuthority.class);
  }

  int gatewayPort() {
    return server.bean(Gateway.class).port();
  }

  Path credentials() {
    return directory;
  }

  /// A code as a person makes it on the page.
  PairingCode pairingCode() {
    ApiClient.Answer answer = person.post("/v1/agents/pairing-codes", Map.of());
    return PairingCode.parse(answer.text("code")).orElseThrow();
  }

  /// An agent that was paired with a code of its own.
  TestAgent pairedAgent() {
    TestAgent agent = new TestAgent(edge.port());
    agent.pair(pairingCode());
    return agent;
  }

  @Override
  public void close() {
    edge.close();
    server.close();
    committer.close();
  }
}
