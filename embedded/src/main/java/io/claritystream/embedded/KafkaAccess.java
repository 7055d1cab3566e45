package io.claritystream.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/// How a client reaches an embedded broker, and is let in.
///
/// Loopback is open to every user of the machine and the bus carries every tenant's events, so a
/// broker takes no request from whoever does not know the password of its directory. SCRAM never
/// shows the password to the other side: not even to a stranger that listens on the broker's port
/// while the broker is down.
///
/// @param security the general properties of Kafka's clients that name the user and its password
public record KafkaAccess(String bootstrapServers, Map<String, String> security) {
  static final String PROTOCOL = "SASL_PLAINTEXT";
  static final String MECHANISM = "SCRAM-SHA-256";
  static final String USER = "clarity";

  public KafkaAccess {
    security = Map.copyOf(security);
  }

  /// To the broker that keeps its data in this directory and listens on this port. The password is
  /// made by whoever asks first: client or broker.
  ///
  /// @throws StartFailedException if it cannot be kept there
  public static KafkaAccess of(Path home, int port) {
    return new KafkaAccess(
        "127.0.0.1:" + port,
        Map.of(
            "security.protocol",
            PROTOCOL,
            "sasl.mechanism",
            MECHANISM,
            "sasl.jaas.config",
            login(home)));
  }

  /// What broker and clients both log in with.
  static String login(Path home) {
    try {
      Files.createDirectories(home);
      Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
      return "org.apache.kafka.common.security.scram.ScramLoginModule required"
          + " username=\"%s\" password=\"%s\";"
              .formatted(USER, PrivateFile.password(home.resolve("password")));
    } catch (IOException e) {
      throw new StartFailedException(
          "Kafka cannot keep its log in %s: %s.".formatted(home, Trees.reason(e)), e);
    }
  }

  /// All that a client must be given, ready to be added to.
  public Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>(security);
    properties.put("bootstrap.servers", bootstrapServers);
    return properties;
  }

  /// Passwords stay out of logs.
  @Override
  public String toString() {
    return "KafkaAccess[" + bootstrapServers + "]";
  }
}
