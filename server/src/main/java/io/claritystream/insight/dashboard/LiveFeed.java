package io.claritystream.insight.dashboard;

import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Problem;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveMessage;
import io.claritystream.base.live.LiveStream;
import io.claritystream.control.identity.Sessions;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// Serves server-sent events: a thread each, virtual ones, for as long as the caller's session
/// stands and the caller reads.
final class LiveFeed {
  static final int STREAMS_OF_PERSON_MAX = 20;
  static final int STREAMS_MAX = 2_000;
  static final Duration HEARTBEAT = Duration.ofSeconds(5);

  private final LiveHub hub;
  private final Sessions sessions;
  private final JsonMapper json;
  private final Clock clock;
  private final AtomicInteger open = new AtomicInteger();
  private final ConcurrentHashMap<UserId, Integer> openByPerson = new ConcurrentHashMap<>();

  LiveFeed(LiveHub hub, Sessions sessions, JsonMapper json, Clock clock) {
    this.hub = hub;
    this.sessions = sessions;
    this.json = json;
    this.clock = clock;
  }

  private record Hello(long heartbeatS) {}

  private record Heartbeat(Instant at) {}

  private record ReadAgain(Instant at) {}

  private record Metrics(Instant at, List<Item> items) {}

  private record Item(
      UUID deviceId, @Nullable UUID siteId, String key, BigDecimal value, Instant time, long seq) {
    static Item of(LiveMessage.Reading reading) {
      return new Item(
          reading.deviceId(),
          reading.siteId(),
          reading.key(),
          reading.value(),
          reading.time(),
          reading.seq());
    }
  }

  void serve(Caller caller, HttpServletResponse response) {
    enter(caller.userId());
    try (var stream = hub.open(caller.tenantId())) {
      begin(response);
      relay(caller, stream, response.getOutputStream());
    } catch (IOException gone) {
      // The reader went away; the answer has begun, so there is nobody to tell.
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } finally {
      leave(caller.userId());
    }
  }

  /// All that there is of an answer before its first event.
  static void begin(HttpServletResponse response) {
    response.setStatus(HttpServletResponse.SC_OK);
    response.setContentType("text/event-stream");
    response.setCharacterEncoding(StandardCharsets.UTF_8.name());
    response.setHeader("Cache-Control", "no-store");
    // A proxy that collects an answer before it passes it on would make this one silent.
    response.setHeader("X-Accel-Buffering", "no");
  }

  private void relay(Caller caller, LiveStream stream, OutputStream out)
      throws IOException, InterruptedException {
    write(out, "hello", new Hello(HEARTBEAT.toSeconds()));
    var due = System.nanoTime() + HEARTBEAT.toNanos();
    while (true) {
      var delivery = stream.next(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
      if (!delivery.readings().isEmpty()) {
        write(
            out,
            "metrics",
            new Metrics(clock.instant(), delivery.readings().stream().map(Item::of).toList()));
      }
      for (var source : delivery.sources()) {
        write(out, "source", source.view());
      }
      if (delivery.readAgain()) {
        write(out, "read_again", new ReadAgain(clock.instant()));
      }
      if (delivery.ended()) {
        return;
      }
      if (System.nanoTime() >= due) {
        if (!sessions.stands(caller)) {
          return;
        }
        write(out, "heartbeat", new Heartbeat(clock.instant()));
        due = System.nanoTime() + HEARTBEAT.toNanos();
      }
    }
  }

  private void write(OutputStream out, String event, Object data) throws IOException {
    out.write(("event: " + event + "\ndata: ").getBytes(StandardCharsets.UTF_8));
    out.write(json.writeValueAsBytes(data));
    out.write('\n');
    out.write('\n');
    out.flush();
  }

  private void enter(UserId person) {
    if (open.incrementAndGet() > STREAMS_MAX) {
      open.decrementAndGet();
      throw Problem.unavailable("Too many live streams are open.", HEARTBEAT);
    }
    var count = openByPerson.merge(person, 1, Integer::sum);
    if (count > STREAMS_OF_PERSON_MAX) {
      leave(person);
      throw Problem.rateLimited(HEARTBEAT);
    }
  }

  private void leave(UserId person) {
    open.decrementAndGet();
    openByPerson.computeIfPresent(person, (id, count) -> count == 1 ? null : count - 1);
  }
}
