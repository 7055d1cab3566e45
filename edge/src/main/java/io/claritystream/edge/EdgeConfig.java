package io.claritystream.edge;

import java.io.IOException;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/// All that an edge is told. Addresses are `host:port`; the credentials directory holds ca.crt,
/// edge.key, edge.crt, listen.key and listen.crt.
///
/// @param listen where agents connect
/// @param gateways where the platform's gateways listen: one address, or several with commas
///     between
/// @param credentials the directory that the platform writes and renews
/// @param connectionsPerAddress connections that one remote address may hold at a time
/// @param connections connections in all
/// @param callsPerAgent calls and streams that one agent may have open at a time
/// @param messageBytes the largest message that is relayed
/// @param windowBytes of a stream that may be under way from an agent without being relayed
/// @param idle how long a connection without calls is kept
record EdgeConfig(
    InetSocketAddress listen,
    List<InetSocketAddress> gateways,
    Path credentials,
    int connectionsPerAddress,
    int connections,
    int callsPerAgent,
    int messageBytes,
    int windowBytes,
    Duration idle) {

  private static final Set<String> KEYS =
      Set.of(
          "listen",
          "gateway",
          "credentials",
          "connections-per-address",
          "connections",
          "calls-per-agent",
          "message-bytes",
          "window-bytes",
          "idle-seconds");

  /// Ten megabytes a second over a line with 50 ms there and back.
  static final int WINDOW_BYTES = 512 * 1024;

  static final int MESSAGE_BYTES = 12 * 1024 * 1024;

  static final int GATEWAYS_MAX = 64;

  EdgeConfig {
    gateways = List.copyOf(gateways);
    within("gateway", gateways.size(), 1, GATEWAYS_MAX);
    within("connections-per-address", connectionsPerAddress, 1, 1_000_000);
    within("connections", connections, 1, 1_000_000);
    within("calls-per-agent", callsPerAgent, 1, 100_000);
    within("message-bytes", messageBytes, 64 * 1024, 16 * 1024 * 1024);
    within("window-bytes", windowBytes, 64 * 1024, 16 * 1024 * 1024);
    if (idle.isNegative() || idle.isZero()) {
      throw new WrongConfig("idle-seconds has to be more than 0");
    }
  }

  /// What has to be mended before an edge can start, in one sentence for a person.
  static final class WrongConfig extends IllegalArgumentException {
    WrongConfig(String message) {
      super(message);
    }
  }

  /// Reads `--config FILE`; anything else is a [WrongConfig].
  static EdgeConfig of(String[] arguments) {
    if (arguments.length != 2 || !arguments[0].equals("--config")) {
      throw new WrongConfig("Usage: edge --config FILE");
    }
    Path file = Path.of(arguments[1]);
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new WrongConfig("The configuration " + file + " cannot be read: " + e);
    }
    return of(properties);
  }

  static EdgeConfig of(Properties properties) {
    Set<String> unknown = new TreeSet<>(properties.stringPropertyNames());
    unknown.removeAll(KEYS);
    if (!unknown.isEmpty()) {
      throw new WrongConfig("The configuration has keys that an edge does not know: " + unknown);
    }
    return new EdgeConfig(
        address(properties, "listen", 0),
        gateways(properties),
        Path.of(required(properties, "credentials")),
        number(properties, "connections-per-address", 256),
        number(properties, "connections", 4_096),
        number(properties, "calls-per-agent", 128),
        number(properties, "message-bytes", MESSAGE_BYTES),
        number(properties, "window-bytes", WINDOW_BYTES),
        Duration.ofSeconds(number(properties, "idle-seconds", 300)));
  }

  private static String required(Properties properties, String key) {
    String value = properties.getProperty(key, "").strip();
    if (value.isEmpty()) {
      throw new WrongConfig("The configuration lacks \"" + key + "\"");
    }
    return value;
  }

  private static int number(Properties properties, String key, int otherwise) {
    String value = properties.getProperty(key, "").strip();
    try {
      return value.isEmpty() ? otherwise : Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new WrongConfig("\"" + key + "\" has to be a whole number, not \"" + value + "\"");
    }
  }

  private static List<InetSocketAddress> gateways(Properties properties) {
    return Arrays.stream(required(properties, "gateway").split(",", -1))
        .map(one -> address(one.strip(), "gateway", 1))
        .distinct()
        .toList();
  }

  private static InetSocketAddress address(Properties properties, String key, int lowestPort) {
    return address(required(properties, key), key, lowestPort);
  }

  private static InetSocketAddress address(String value, String key, int lowestPort) {
    int colon = value.lastIndexOf(':');
    try {
      int port = Integer.parseInt(value.substring(colon + 1));
      if (colon > 0 && port >= lowestPort && port <= 65_535) {
        String host = value.substring(0, colon).replaceAll("^\\[|]$", "");
        return new InetSocketAddress(host, port);
      }
    } catch (NumberFormatException e) {
      // Said below, with the shape that was expected.
    }
    throw new WrongConfig("\"" + key + "\" has to be host:port, not \"" + value + "\"");
  }

  private static void within(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new WrongConfig(
          "\"" + key + "\" has to be from " + least + " to " + most + ", not " + value);
    }
  }
}
