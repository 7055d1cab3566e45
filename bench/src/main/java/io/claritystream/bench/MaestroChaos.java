package io.claritystream.bench;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// Rounds in which two servers run workflows under load while they and their PostgreSQL are killed,
/// and processes are stopped for longer than their lease and woken. Afterwards all is let come to
/// its end, and held against what callers and receiver saw ({@link MaestroOracle}).
///
/// A round follows from its seed as far as chance goes: who is called with what, what is killed and
/// when, how the receiver misbehaves. What the machine does in between is its own.
final class MaestroChaos implements AutoCloseable {
  private static final int SERVERS = 2;
  private static final int CALLERS = 16;
  private static final Duration LEASE_TERM = Duration.ofSeconds(2);
  private static final Duration LOOK_EVERY = Duration.ofMillis(400);
  private static final Duration PROGRESS_PATIENCE = Duration.ofSeconds(60);

  private final Cleanup cleanup = new Cleanup();
  private final MaestroReceiver receiver;
  private final MaestroPlatform platform;
  private final Api api;
  private final List<MaestroWorkflow> workflows;

  MaestroChaos(Path home) throws SQLException {
    Path place = Place.make(cleanup).path();
    receiver = cleanup.add(new MaestroReceiver());
    platform = cleanup.add(new MaestroPlatform(home, place, SERVERS, LEASE_TERM));
    api = new Api(platform.servers().getFirst().url());
    api.register();
    workflows = MaestroWorkflow.publish(api, receiver.url());
  }

  /// What a round came to.
  ///
  /// @param accepted executions of which a caller was told
  /// @param canceled of those
  record Round(
      long seed,
      List<String> events,
      long accepted,
      long canceled,
      long refused,
      long effects,
      MaestroOracle.Findings findings) {
    boolean sound() {
      return findings.sound();
    }
  }

  /// @param kills how many processes are killed or stopped while there is load
  /// @param seconds for how long there is
  Round round(long seed, int kills, int seconds) throws SQLException, InterruptedException {
    Random random = new Random(seed);
    receiver.begin(seed);
    platform.servers().forEach(MaestroPlatform.Server::awaitReady);
    api.signIn();
    MaestroOracle oracle = new MaestroOracle(new UUID(System.currentTimeMillis() << 16, 0));
    List<String> urls = platform.servers().stream().map(MaestroPlatform.Server::url).toList();
    MaestroLoad load = new MaestroLoad(urls, workflows, api.token(), CALLERS, random);
    List<String> events = disturb(random, kills, seconds, oracle);
    load.stop();
    receiver.calm();
    awaitEnds(oracle);
    try (Connection database = platform.superuser()) {
      return new Round(
          seed,
          events,
          load.accepted().size(),
          load.canceled().size(),
          load.refused(),
          receiver.effects(),
          oracle.compare(database, load.accepted().keySet(), load.canceled(), receiver));
    }
  }

  /// Something that happens to a process at a time.
  private record Event(long ms, String what, MaestroPlatform.Server server) {}

  private List<String> disturb(Random random, int kills, int seconds, MaestroOracle oracle)
      throws InterruptedException {
    List<Event> events = new ArrayList<>();
    long stopMs = LEASE_TERM.toMillis() + 1_500;
    for (long ms : random.longs(kills, 300, seconds * 1_000L).sorted().toArray()) {
      MaestroPlatform.Server server = platform.servers().get(random.nextInt(SERVERS));
      switch (random.nextInt(5)) {
        case 0, 1 -> events.add(new Event(ms, "kill server", server));
        case 2 -> events.add(new Event(ms, "kill postgres", server));
        default -> {
          events.add(new Event(ms, "stop server", server));
          events.add(new Event(ms + stopMs, "wake server", server));
        }
      }
    }
    events.sort(java.util.Comparator.comparingLong(Event::ms));
    List<String> told = new ArrayList<>();
    long begin = System.nanoTime();
    long end = begin + seconds * 1_000_000_000L;
    while (!events.isEmpty() || System.nanoTime() < end) {
      Event next = events.isEmpty() ? null : events.getFirst();
      long dueNs = next == null ? end : begin + next.ms() * 1_000_000;
      if (System.nanoTime() < dueNs) {
        look(oracle);
        long leftMs = Math.max(0, (dueNs - System.nanoTime()) / 1_000_000);
        TimeUnit.MILLISECONDS.sleep(Math.min(LOOK_EVERY.toMillis(), leftMs + 1));
      } else if (next != null) {
        events.removeFirst();
        told.add("%s %d at %d ms".formatted(next.what(), next.server().number(), next.ms()));
        act(next);
      }
    }
    return told;
  }

  private void act(Event event) {
    switch (event.what()) {
      case "kill server" -> event.server().crash();
      case "kill postgres" -> platform.crashPostgres();
      case "stop server" -> event.server().signal("STOP");
      default -> event.server().signal("CONT");
    }
  }

  private void look(MaestroOracle oracle) {
    try (Connection database = platform.superuser()) {
      oracle.look(database);
    } catch (SQLException e) {
      // It is away, or comes back: there will be another look.
      return;
    }
  }

  /// Waits until none is open, or until nothing has moved for long: what is open then is stuck.
  private void awaitEnds(MaestroOracle oracle) throws SQLException, InterruptedException {
    platform.servers().forEach(server -> server.signal("CONT"));
    long last = -1;
    long since = System.nanoTime();
    while (System.nanoTime() - since < PROGRESS_PATIENCE.toNanos()) {
      try (Connection database = platform.superuser()) {
        long open = oracle.open(database);
        if (open == 0) {
          oracle.look(database);
          return;
        }
        if (open != last) {
          last = open;
          since = System.nanoTime();
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  MaestroReceiver receiver() {
    return receiver;
  }

  MaestroPlatform platform() {
    return platform;
  }

  /// What the servers said at last.
  String explanation() {
    return platform.explanation();
  }

  @Override
  public void close() {
    cleanup.close();
  }
}
