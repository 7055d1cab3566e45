package io.claritystream.embedded;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Where an embedded Kafka broker keeps its log, how much of it, and who reads what it prints.
///
/// @param home the directory of its data and its generated settings
/// @param retainedBytesPerPartition older segments of a partition go when it is larger than this;
///     there is no limit by time
/// @param port the port to listen on, or 0 for any that is free
/// @param jvmFlags more flags for the broker's JVM, after its own
public record KafkaSettings(
    Path home,
    long retainedBytesPerPartition,
    int port,
    List<String> jvmFlags,
    Consumer<String> log) {
  private static final long DEFAULT_RETAINED = 2L << 30;

  public KafkaSettings {
    home = home.toAbsolutePath().normalize();
    jvmFlags = List.copyOf(jvmFlags);
    if (retainedBytesPerPartition < 1 << 20) {
      throw new IllegalArgumentException("a partition needs a mebibyte at least");
    }
  }

  public static KafkaSettings of(Path home) {
    return new KafkaSettings(home, DEFAULT_RETAINED, 0, List.of(), line -> {});
  }

  public KafkaSettings withLog(Consumer<String> other) {
    return new KafkaSettings(home, retainedBytesPerPartition, port, jvmFlags, other);
  }

  public KafkaSettings withPort(int other) {
    return new KafkaSettings(home, retainedBytesPerPartition, other, jvmFlags, log);
  }

  public KafkaSettings withJvmFlags(List<String> flags) {
    return new KafkaSettings(home, retainedBytesPerPartition, port, flags, log);
  }

  /// `server.properties` of a broker and controller in one, sized for one machine.
  ///
  /// @param login the user that both listeners ask for, and as whom the broker calls the controller
  Map<String, String> properties(int port, int controllerPort, String login) {
    Map<String, String> p = new LinkedHashMap<>();
    p.put("process.roles", "broker,controller");
    p.put("node.id", "1");
    p.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
    p.put("listeners", "BUS://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
    p.put("advertised.listeners", "BUS://127.0.0.1:" + port);
    p.put(
        "listener.security.protocol.map",
        "BUS:%s,CONTROLLER:%s".formatted(KafkaAccess.PROTOCOL, KafkaAccess.PROTOCOL));
    p.put("controller.listener.names", "CONTROLLER");
    p.put("inter.broker.listener.name", "BUS");
    p.put("sasl.enabled.mechanisms", KafkaAccess.MECHANISM);
    p.put("sasl.mechanism.inter.broker.protocol", KafkaAccess.MECHANISM);
    p.put("sasl.mechanism.controller.protocol", KafkaAccess.MECHANISM);
    for (String listener : List.of("bus", "controller")) {
      String prefix = "listener.name.%s.scram-sha-256.sasl.".formatted(listener);
      p.put(prefix + "jaas.config", login);
      p.put(prefix + "server.callback.handler.class", BrokerUser.class.getName());
    }
    p.put("log.dirs", home.resolve("log").toString());

    // A topic exists because a program made it, with the partitions it meant.
    p.put("auto.create.topics.enable", "false");
    p.put("log.retention.ms", "-1");
    p.put("log.retention.bytes", Long.toString(retainedBytesPerPartition));
    p.put("log.segment.bytes", Integer.toString(64 << 20));
    p.put("log.index.size.max.bytes", Integer.toString(1 << 20));
    p.put("message.max.bytes", Integer.toString(12 << 20));
    p.put("replica.fetch.max.bytes", Integer.toString(12 << 20));

    // One node: one copy of everything.
    p.put("default.replication.factor", "1");
    p.put("min.insync.replicas", "1");
    p.put("offsets.topic.replication.factor", "1");
    p.put("offsets.topic.num.partitions", "4");
    p.put("transaction.state.log.replication.factor", "1");
    p.put("transaction.state.log.min.isr", "1");
    p.put("transaction.state.log.num.partitions", "4");
    p.put("share.coordinator.state.topic.replication.factor", "1");
    p.put("share.coordinator.state.topic.min.isr", "1");
    p.put("group.initial.rebalance.delay.ms", "0");

    // After kill -9 the broker's own old session has to end before it may register again.
    p.put("broker.session.timeout.ms", "3000");
    p.put("broker.heartbeat.interval.ms", "500");
    p.put("controlled.shutdown.enable", "true");

    // A small machine.
    p.put("num.network.threads", "2");
    p.put("num.io.threads", "4");
    p.put("background.threads", "2");
    p.put("num.recovery.threads.per.data.dir", "2");
    p.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
    p.put("log.cleaner.io.buffer.size", Integer.toString(512 << 10));
    return p;
  }
}
