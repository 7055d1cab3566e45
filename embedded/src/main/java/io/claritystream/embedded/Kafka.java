package io.claritystream.embedded;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A running Kafka broker (KRaft, broker and controller in one) in a JVM of its own, on the
/// loopback address, for those who know the password of its directory.
///
/// Below `home`: `log` (Kafka's own), `password` and `server.properties`.
public final class Kafka implements AutoCloseable {
  private static final Duration START_PATIENCE = Duration.ofMinutes(2);
  private static final int ATTEMPTS = 3;

  /// How long a lock held by a predecessor that is about to end is waited for.
  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(30);

  /// The jars a broker needs, by how their names begin. The class path of the JVM that starts it
  /// may hold far more (a server's tests, say), which would be read for nothing and could disagree.
  private static final List<String> JARS =
      List.of(
          "HdrHistogram-",
          "argparse4j-",
          "caffeine-",
          "commons-beanutils-",
          "commons-codec-",
          "commons-collections-",
          "commons-digester-",
          "commons-lang3-",
          "commons-logging-",
          "commons-validator-",
          "hash4j-",
          "jackson-",
          "jopt-simple-",
          "jose4j-",
          "kafka-",
          "kafka_",
          "log4j-",
          "logback-",
          "lz4-java-",
          "metrics-core-2",
          "pcollections-",
          "re2j-",
          "scala-library-",
          "scala-logging_",
          "scala-reflect-",
          "slf4j-api-",
          "snakeyaml-",
          "snappy-java-",
          "zstd-jni-");

  private final Child child;
  private final int port;
  private final KafkaAccess access;

  private Kafka(Child child, int port, KafkaAccess access) {
    this.child = child;
    this.port = port;
    this.access = access;
  }

  /// Starts the broker on a free port, having formatted its directory if it is new, and returns
  /// when it takes requests.
  ///
  /// @throws StartFailedException saying in a sentence why it did not start
  public static Kafka start(KafkaSettings settings) {
    return start(settings, child -> {});
  }

  /// As `start`, with the process told as soon as there is one.
  ///
  /// @throws StartFailedException saying in a sentence why it did not start
  public static Kafka start(KafkaSettings settings, Consumer<Child> born) {
    Path home = settings.home();
    Path file = home.resolve("server.properties");
    List<String> lines = List.of();
    Instant lockDeadline = Instant.now().plus(LOCK_PATIENCE);
    int attempts = 0;
    boolean again = true;
    while (again) {
      int port = settings.port() == 0 ? Machine.freePort() : settings.port();
      try {
        Properties properties = new Properties();
        properties.putAll(settings.properties(port, Machine.freePort(), KafkaAccess.login(home)));
        StringWriter text = new StringWriter();
        properties.store(text, "Written at each start; changes made here are lost.");
        PrivateFile.write(file, text.toString());
      } catch (IOException e) {
        throw new StartFailedException(
            "Kafka cannot keep its log in %s: %s.".formatted(home, Trees.reason(e)), e);
      }
      CompletableFuture<Boolean> ready = new CompletableFuture<>();
      Child child =
          Child.start(
              Launch.of("kafka", home, command(settings, file))
                  .withEnvironment(Map.of("LC_ALL", "C.UTF-8", "MALLOC_ARENA_MAX", "2")),
              line -> {
                if (line.equals(Broker.READY)) {
                  ready.complete(true);
                } else {
                  settings.log().accept(line);
                }
              });
      born.accept(child);
      child.ended().thenRun(() -> ready.complete(false));
      if (await(ready)) {
        return new Kafka(child, port, KafkaAccess.of(home, port));
      }
      child.stop("KILL", Duration.ZERO);
      lines = child.lastLines();
      String said = String.join("\n", lines);
      if (said.contains("No space left on device")) {
        throw new StartFailedException(
            "The disk that holds %s is full: Kafka cannot write there.".formatted(home));
      }
      boolean portTaken = said.contains("Address already in use");
      boolean locked = said.contains("Failed to acquire lock on file .lock");
      attempts += locked ? 0 : 1;
      again = locked ? Instant.now().isBefore(lockDeadline) : portTaken && attempts < ATTEMPTS;
    }
    throw new StartFailedException(
        "Kafka did not start in %s. It said:\n  %s".formatted(home, String.join("\n  ", lines)));
  }

  private static boolean await(CompletableFuture<Boolean> ready) {
    try {
      return ready.get(START_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// The command line that runs a broker with these settings, which are in this file.
  public static List<String> command(KafkaSettings settings, Path properties) {
    List<String> command = new ArrayList<>();
    command.add(Machine.java().toString());
    command.addAll(
        List.of(
            "-Xms64m",
            "-Xmx256m",
            "-Xss512k",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:ErrorFile=" + settings.home().resolve("hs_err_%p.log"),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dlogback.configurationFile=io/claritystream/embedded/broker-logback.xml"));
    command.addAll(settings.jvmFlags());
    command.addAll(List.of("-cp", classPath(), Broker.class.getName(), properties.toString()));
    return command;
  }

  private static String classPath() {
    List<Path> entries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(Path::of)
            .toList();
    if (entries.size() == 1) {
      // Run from a jar, whose manifest names the rest.
      entries = withLibraries(entries.getFirst());
    }
    Path own = ownPlace();
    return entries.stream()
        .filter(entry -> entry.toAbsolutePath().equals(own) || needed(entry))
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static List<Path> withLibraries(Path jar) {
    List<Path> entries = new ArrayList<>();
    entries.add(jar);
    Path libraries = jar.toAbsolutePath().resolveSibling("lib");
    try (Stream<Path> jars = Files.list(libraries)) {
      jars.sorted().forEach(entries::add);
    } catch (IOException e) {
      throw new StartFailedException("The libraries are missing in " + libraries + ".", e);
    }
    return entries;
  }

  private static boolean needed(Path entry) {
    return JARS.stream().anyMatch(entry.getFileName().toString()::startsWith);
  }

  private static Path ownPlace() {
    try {
      return Path.of(Kafka.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public int port() {
    return port;
  }

  public KafkaAccess access() {
    return access;
  }

  /// The process, to be watched by whoever started it.
  public Child child() {
    return child;
  }

  /// Ends it in order.
  @Override
  public void close() {
    child.stop("TERM", Duration.ofSeconds(6));
  }
}
