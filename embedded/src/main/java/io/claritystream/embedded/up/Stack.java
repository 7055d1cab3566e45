package io.claritystream.embedded.up;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.Kafka;
import io.claritystream.embedded.KafkaAccess;
import io.claritystream.embedded.KafkaSettings;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import io.claritystream.embedded.StartFailedException;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// All programs of one installation: started in order, kept running, ended in order.
final class Stack {
  private static final int FIRST_EDGE_PORT = 8443;
  private static final int EDGE_PORTS = 100;
  private static final int LINES_SHOWN = 12;
  private static final Duration READY_PATIENCE = Duration.ofMinutes(5);

  /// Two rounds of ending, one after the other, within the ten seconds promised: first what talks
  /// to PostgreSQL and Kafka, then these.
  private static final Duration FIRST_ROUND = Duration.ofMillis(4500);
  private static final Duration SECOND_ROUND = Duration.ofMillis(4000);

  private static final Duration NOTING = Duration.ofMinutes(2);

  private final Options options;
  private final Programs programs;
  private final Voice voice;
  private final DataDirectory data;
  private final List<Supervised> programsFirstOut = new ArrayList<>();
  private final List<Supervised> storesLastOut = new ArrayList<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean stopping;

  Stack(Options options, Programs programs, Voice voice, DataDirectory data) {
    this.options = options;
    this.programs = programs;
    this.voice = voice;
    this.data = data;
  }

  /// Starts everything and returns when a person can sign in.
  ///
  /// @throws StartFailedException if something did not start
  void start() {
    int edgePort = edgePort();
    int kafkaPort = Machine.freePort();
    int postgresPort = Machine.freePort();
    int gatewayPort = Machine.freePort();
    Path serverProperties = writeServerProperties(postgresPort, kafkaPort, gatewayPort, edgePort);
    Path edgeProperties = writeEdgeProperties(gatewayPort, edgePort);
    PlatformDatabase database = new PlatformDatabase(data, programs);

    Http http = new Http("http://" + options.reachedAt() + ":" + options.port());
    LogFile agentLog = log("agent");
    Optional<Demo> demo =
        options.demo() ? Optional.of(new Demo(data, programs, agentLog)) : Optional.empty();

    CompletableFuture<Postgres> customer = new CompletableFuture<>();
    Supervised postgres = store("postgres", postgres(postgresPort, database));
    Supervised kafka = store("kafka", kafka(kafkaPort));
    Supervised edge = program("edge", jvm(programs.edge(edgeProperties), "edge", Stack::saysReady));
    Supervised server =
        program(
            "server",
            jvm(
                programs.server(serverProperties, options.dev()),
                "server",
                line -> false,
                () -> http.ok("/actuator/health/readiness")));

    List<CompletableFuture<Void>> starts = new ArrayList<>();
    starts.add(async(postgres::start).thenCompose(done -> async(server::start)));
    starts.add(async(kafka::start));
    starts.add(async(edge::start));
    demo.ifPresent(
        d -> {
          int port = customerPort();
          Supervised customerPostgres =
              store("customer-postgres", customerPostgres(d, port, customer));
          async(customerPostgres::start)
              .exceptionally(
                  e -> {
                    customer.completeExceptionally(cause(e));
                    return null;
                  });
        });
    awaitAll(starts);
    demo.ifPresent(d -> d.register(http));
    voice.ready(
        new Ready(
            options.url(),
            edgeUrl(edgePort),
            data.root().toString(),
            demo.map(Demo::signIn),
            options.signInNeeds(),
            pids()));
    demo.ifPresent(d -> async(() -> connectDemo(d, http, customer, agentLog)));
    if (options.dev()) {
      async(() -> reloadOnChange(server));
    }
  }

  private Supervised.Starter postgres(int port, PlatformDatabase database) {
    LogFile log = log("postgres");
    PostgresSettings settings =
        PostgresSettings.of(data.path("postgres"), PostgresSettings.Purpose.PLATFORM)
            .withPort(port)
            .withLog(log::append);
    return born -> {
      Postgres postgres = Postgres.start(settings, born::accept);
      database.prepare(postgres);
      return postgres.child();
    };
  }

  private Supervised.Starter kafka(int port) {
    LogFile log = log("kafka");
    KafkaSettings settings =
        KafkaSettings.of(data.path("kafka"))
            .withPort(port)
            .withJvmFlags(programs.cacheFlags("kafka"))
            .withLog(log::append);
    return born -> Kafka.start(settings, born::accept).child();
  }

  private Supervised.Starter customerPostgres(
      Demo demo, int port, CompletableFuture<Postgres> customer) {
    LogFile log = log("customer-postgres");
    return born -> {
      Postgres postgres =
          Postgres.start(demo.customerSettings(port).withLog(log::append), born::accept);
      demo.prepareCustomer(postgres);
      customer.complete(postgres);
      return postgres.child();
    };
  }

  /// What follows the first screen: the plant, and the agent that captures it. Should a step fail,
  /// the platform runs on without the demo, which says why.
  private void connectDemo(
      Demo demo, Http http, CompletableFuture<Postgres> customer, LogFile agentLog) {
    try {
      Postgres postgres = customer.join();
      Supervised plant = program("plant", jvm(demo.plant(postgres), "plant", Stack::saysReady));
      plant.start();
      demo.connect(http, postgres);
      CountDownLatch streams = new CountDownLatch(1);
      Supervised agent =
          program(
              "agent",
              jvm(
                  demo.agent(),
                  agentLog,
                  line -> {
                    if (Demo.streams(line)) {
                      streams.countDown();
                    }
                    return saysReady(line);
                  }));
      agent.start();
      // As long as the first copy of the customer's data takes.
      streams.await();
      voice.event("demo", Map.of("state", "live"), "The demo plant is live.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      if (!stopping) {
        String why = Supervised.why(cause(e));
        voice.event("demo", Map.of("state", "failed", "reason", why), "The demo failed: " + why);
      }
    }
  }

  private static Throwable cause(Throwable e) {
    return e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
  }

  private static boolean saysReady(String line) {
    return line.startsWith("{") && line.contains("\"event\":\"ready\"");
  }

  private Supervised.Starter jvm(List<String> command, String name, Predicate<String> ready) {
    return jvm(launch(command, name), log(name), ready, () -> false);
  }

  private Supervised.Starter jvm(
      List<String> command, String name, Predicate<String> ready, Supplier<Boolean> probe) {
    return jvm(launch(command, name), log(name), ready, probe);
  }

  private Supervised.Starter jvm(Launch launch, String name, Predicate<String> ready) {
    return jvm(launch, log(name), ready, () -> false);
  }

  private Supervised.Starter jvm(Launch launch, LogFile log, Predicate<String> ready) {
    return jvm(launch, log, ready, () -> false);
  }

  /// Starts a program that is ready when it prints a line of a certain kind, or when a probe of it
  /// succeeds.
  private Supervised.Starter jvm(
      Launch launch, LogFile log, Predicate<String> ready, Supplier<Boolean> probe) {
    return born -> {
      CountDownLatch said = new CountDownLatch(1);
      Child child =
          Child.start(
              launch,
              line -> {
                log.append(line);
                if (ready.test(line)) {
                  said.countDown();
                }
              });
      born.accept(child);
      Instant deadline = Instant.now().plus(readyPatience());
      while (Instant.now().isBefore(deadline)) {
        if (waited(said) || probe.get()) {
          return child;
        }
        if (!child.alive()) {
          throw new StartFailedException(
              "%s ended before it was ready. Its log is %s; it said at last:\n  %s"
                  .formatted(
                      launch.name(), log.file(), String.join("\n  ", end(child.lastLines()))));
        }
      }
      child.stop("KILL", Duration.ofSeconds(1));
      throw new StartFailedException(
          "%s was not ready after %d minutes. Its log is %s."
              .formatted(launch.name(), readyPatience().toMinutes(), log.file()));
    };
  }

  /// A training run is worth two minutes at most.
  private Duration readyPatience() {
    return programs.caches() instanceof Programs.Caches.Note ? NOTING : READY_PATIENCE;
  }

  /// What a person needs of the last lines: no frames of a stack.
  private static List<String> end(List<String> lines) {
    List<String> telling =
        lines.stream()
            .filter(line -> !line.isBlank() && !line.matches("\\s+(at |\\.\\.\\. ).*"))
            .toList();
    return telling.subList(Math.max(0, telling.size() - LINES_SHOWN), telling.size());
  }

  private static boolean waited(CountDownLatch latch) {
    try {
      return latch.await(25, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartFailedException("Interrupted while starting.", e);
    }
  }

  private Launch launch(List<String> command, String name) {
    return Launch.of(name, data.root(), command).withEnvironment(Programs.ENVIRONMENT);
  }

  private Supervised program(String name, Supervised.Starter starter) {
    return supervised(name, starter, programsFirstOut);
  }

  private Supervised store(String name, Supervised.Starter starter) {
    return supervised(name, starter, storesLastOut);
  }

  private Supervised supervised(String name, Supervised.Starter starter, List<Supervised> group) {
    Supervised supervised = new Supervised(name, starter, log(name), voice, data);
    synchronized (group) {
      if (stopping) {
        throw new StartFailedException("Stopping.");
      }
      group.add(supervised);
    }
    return supervised;
  }

  private LogFile log(String name) {
    return new LogFile(data.path("logs").resolve(name + ".log"));
  }

  private Map<String, Long> pids() {
    Map<String, Long> pids = new LinkedHashMap<>();
    pids.put("up", ProcessHandle.current().pid());
    for (List<Supervised> group : List.of(storesLastOut, programsFirstOut)) {
      synchronized (group) {
        group.stream().filter(p -> p.pid() > 0).forEach(p -> pids.put(p.name(), p.pid()));
      }
    }
    return pids;
  }

  private static CompletableFuture<Void> async(Runnable work) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                work.run();
                done.complete(null);
              } catch (RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  /// Waits for all, or for the first that fails.
  private static void awaitAll(List<CompletableFuture<Void>> starts) {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(starts.toArray(new CompletableFuture<?>[0]));
    CompletableFuture<Void> failure = new CompletableFuture<>();
    for (CompletableFuture<Void> start : starts) {
      start.exceptionally(
          e -> {
            failure.completeExceptionally(cause(e));
            return null;
          });
    }
    try {
      CompletableFuture.anyOf(all, failure).join();
    } catch (CompletionException e) {
      if (cause(e) instanceof StartFailedException failed) {
        throw failed;
      }
      throw e;
    }
  }

  /// Before anything is made or started, so that nothing is left of an attempt in vain.
  static void requirePorts(Options options) {
    requireFree(options, options.port(), "--port");
    options.edgePort().ifPresent(port -> requireFree(options, port, "--edge-port"));
  }

  private void requireFree(int port, String option) {
    requireFree(options, port, option);
  }

  private static void requireFree(Options options, int port, String option) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(options.bindAddress(), port));
    } catch (IOException e) {
      throw new StartFailedException(
          "Port %d on %s is taken by another program: free it, or choose another with %s."
              .formatted(port, options.bind(), option));
    }
  }

  private boolean free(int port) {
    try {
      requireFree(port, "--edge-port");
      return true;
    } catch (StartFailedException e) {
      return false;
    }
  }

  /// Agents keep the address they were paired with, so the port of the first start stays.
  private int edgePort() {
    Optional<Integer> wanted =
        options.edgePort().or(() -> data.read("edge/port").map(Integer::parseInt));
    int port;
    if (wanted.isPresent()) {
      port = wanted.get();
      requireFree(port, "--edge-port (agents that were paired keep the address of before)");
    } else {
      port = FIRST_EDGE_PORT;
      while (port < FIRST_EDGE_PORT + EDGE_PORTS && !free(port)) {
        port++;
      }
    }
    data.writePrivate("edge/port", port + "\n");
    return port;
  }

  /// A customer's database stays where it is: the agent keeps the address it was given.
  private int customerPort() {
    int port =
        data.read("demo/port")
            .map(Integer::parseInt)
            .filter(this::free)
            .orElseGet(Machine::freePort);
    data.writePrivate("demo/port", port + "\n");
    return port;
  }

  private String edgeUrl(int edgePort) {
    return "https://" + options.host() + ":" + edgePort;
  }

  private Path writeServerProperties(
      int postgresPort, int kafkaPort, int gatewayPort, int edgePort) {
    Map<String, String> p = new LinkedHashMap<>();
    p.put("server.address", options.bindAddress().getHostAddress());
    p.put("server.port", Integer.toString(options.port()));
    p.put("clarity.roles", "all");
    p.put("clarity.public-url", options.url());
    options.allowOutbound().ifPresent(allowed -> p.put("clarity.outbound.allow", allowed));
    p.put(
        "clarity.database.url",
        "jdbc:postgresql://127.0.0.1:" + postgresPort + "/" + PlatformDatabase.NAME);
    new PlatformDatabase(data, programs)
        .passwords()
        .forEach((role, password) -> p.put("clarity.database.passwords." + role, password));
    p.put("clarity.crypto.master-key-file", data.path("secrets/master.key").toString());
    KafkaAccess kafka = KafkaAccess.of(data.path("kafka"), kafkaPort);
    p.put("clarity.kafka.bootstrap-servers", kafka.bootstrapServers());
    kafka.security().forEach((name, value) -> p.put("clarity.kafka.client." + name, value));
    p.put("clarity.kafka.partitions", "4");
    // A fixed member of its group has its partitions back at once after a crash.
    p.put("clarity.kafka.instance", "local");
    p.put("clarity.gateway.address", "127.0.0.1");
    p.put("clarity.gateway.port", Integer.toString(gatewayPort));
    p.put(
        "clarity.gateway.edge-credentials-directory",
        data.privateDirectory("edge/credentials").toString());
    p.put("clarity.edge.public-url", edgeUrl(edgePort));
    p.put("clarity.edge.hosts", edgeHosts());
    return data.writePrivate("server/server.properties", text(p));
  }

  private String edgeHosts() {
    List<String> hosts = new ArrayList<>(List.of("localhost", "127.0.0.1"));
    if (!hosts.contains(options.host())) {
      hosts.add(options.host().replaceAll("[\\[\\]]", ""));
    }
    return String.join(",", hosts);
  }

  private Path writeEdgeProperties(int gatewayPort, int edgePort) {
    Map<String, String> p = new LinkedHashMap<>();
    p.put("listen", options.bindAddress().getHostAddress() + ":" + edgePort);
    p.put("gateway", "127.0.0.1:" + gatewayPort);
    p.put("credentials", data.path("edge/credentials").toString());
    return data.writePrivate("edge/edge.properties", text(p));
  }

  private static String text(Map<String, String> properties) {
    Properties all = new Properties();
    all.putAll(properties);
    var writer = new StringWriter();
    try {
      all.store(writer, "Written at each start; changes made here are lost.");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return writer.toString();
  }

  /// In development: whoever compiled the server touches `run/reload`, and the server starts again.
  private void reloadOnChange(Supervised server) {
    Path mark = data.path("run/reload");
    @Nullable FileTime last = modified(mark);
    while (!stopping) {
      try {
        if (stopped.await(300, TimeUnit.MILLISECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      @Nullable FileTime now = modified(mark);
      if (now != null && !now.equals(last)) {
        last = now;
        server.restart();
      }
    }
  }

  private static @Nullable FileTime modified(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return null;
    }
  }

  /// Whether a signal came.
  boolean stopping() {
    return stopping;
  }

  /// Ends everything; returns within ten seconds.
  void stop() {
    stop(FIRST_ROUND, SECOND_ROUND);
  }

  /// Ends everything, giving each program the time to write down what it noted of its classes.
  void stopNoting() {
    stop(NOTING, NOTING);
  }

  private synchronized void stop(Duration firstRound, Duration secondRound) {
    if (stopped.getCount() == 0) {
      return;
    }
    Instant before = Instant.now();
    stopping = true;
    stopGroup(programsFirstOut, "TERM", firstRound);
    stopGroup(storesLastOut, "STORE", secondRound);
    data.release();
    voice.stopped(Duration.between(before, Instant.now()));
    stopped.countDown();
  }

  private static void stopGroup(List<Supervised> group, String signal, Duration patience) {
    List<Supervised> members;
    synchronized (group) {
      members = List.copyOf(group);
    }
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (Supervised member : members) {
      // PostgreSQL takes TERM for "when all clients have left" and INT for "now, in order".
      String one =
          !signal.equals("STORE") ? signal : member.name().endsWith("postgres") ? "INT" : "TERM";
      ends.add(async(() -> member.stop(one, patience)));
    }
    CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0]))
        .exceptionally(e -> null)
        .join();
  }
}
