package io.claritystream.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;

/// The program of the broker's own JVM: formats the log directory if it is new, runs the broker
/// until it is told to end, and says on standard output when it takes requests.
final class Broker {
  /// The line printed when the broker takes requests.
  static final String READY = "{\"event\":\"ready\"}";

  private Broker() {}

  public static void main(String[] args) throws Exception {
    endWithStandardInput();
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(Path.of(args[0]))) {
      properties.load(in);
    }
    Path log = Path.of(properties.getProperty("log.dirs"));
    if (!Files.exists(log.resolve("meta.properties"))) {
      format(log);
    }
    Map<String, String> settings = new HashMap<>();
    properties.forEach((key, value) -> settings.put((String) key, (String) value));
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings), Time.SYSTEM);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "stops-broker"));
    try {
      server.startup();
    } catch (RuntimeException e) {
      // Other threads of a broker that starts half keep the JVM alive for good. Nothing was
      // acknowledged yet, so there is nothing to end in order.
      System.out.println(e);
      System.out.flush();
      Runtime.getRuntime().halt(1);
    }
    System.out.println(READY);
    server.awaitShutdown();
  }

  /// A second guard beside the kernel's death signal: the parent holds the other end of standard
  /// input, which closes when the parent ends, however it ends.
  private static void endWithStandardInput() {
    Thread.ofPlatform()
        .daemon()
        .name("watches-parent")
        .start(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nothing is ever sent.
                }
              } catch (IOException e) {
                // The same as its end.
              }
              System.exit(0);
            });
  }

  /// `meta.properties` is what tells a formatted directory, and Kafka writes it last into the
  /// directory, so a format cut short is simply done again.
  private static void format(Path log) throws Exception {
    Files.createDirectories(log);
    try (var quiet = new PrintStream(OutputStream.nullOutputStream())) {
      new Formatter()
          .setPrintStream(quiet)
          .setClusterId(Uuid.randomUuid().toString())
          .setNodeId(1)
          .setDirectories(List.of(log.toString()))
          .setMetadataLogDirectory(log.toString())
          .setControllerListenerName("CONTROLLER")
          .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
          .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
          .setIgnoreFormatted(true)
          .run();
    }
  }
}
