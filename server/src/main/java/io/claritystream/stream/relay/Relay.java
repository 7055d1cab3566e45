package io.claritystream.stream.relay;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveMessage;
import io.claritystream.stream.bus.Broadcast;
import io.claritystream.stream.source.DurableMarks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Joins this process's hub and marks to those of the others; see the package.
final class Relay
    implements LiveHub.Elsewhere, DurableMarks.Elsewhere, Broadcast.Listener, SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Relay.class);
  private static final Duration WATCHING_EVERY = Duration.ofSeconds(2);
  private static final Duration WATCHING_HOLDS = Duration.ofSeconds(6);

  /// Of a message; some 200 bytes each.
  private static final int READINGS_MAX = 2_000;

  /// The processes that are remembered; many more than one platform has.
  private static final int PROCESSES_MAX = 1_000;

  private record Watching(Set<TenantId> tenants, long untilNs) {}

  private final UUID process = UUID.randomUUID();
  private final Broadcast broadcast;
  private final LiveHub hub;
  private final DurableMarks marks;

  /// As the API shows things.
  private final JsonMapper views;

  private final JsonMapper json = new JsonMapper();
  private final Map<UUID, Watching> elsewhere = new ConcurrentHashMap<>();

  /// Whose pages elsewhere missed something that could not be sent.
  private final Set<TenantId> owed = ConcurrentHashMap.newKeySet();

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("relay-watching").factory());
  private volatile Set<TenantId> watchedAsTold = Set.of();
  private volatile boolean running;

  Relay(Broadcast broadcast, LiveHub hub, DurableMarks marks, JsonMapper views) {
    this.broadcast = broadcast;
    this.hub = hub;
    this.marks = marks;
    this.views = views;
  }

  @Override
  public void start() {
    hub.join(this);
    marks.join(this);
    broadcast.start(this);
    timer.scheduleWithFixedDelay(
        this::tellRegularly,
        WATCHING_EVERY.toMillis(),
        WATCHING_EVERY.toMillis(),
        TimeUnit.MILLISECONDS);
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    timer.shutdownNow();
    broadcast.close();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  // What is told here, to others.

  @Override
  public boolean isWatched(TenantId tenant) {
    var nowNs = System.nanoTime();
    for (var one : elsewhere.values()) {
      if (one.tenants().contains(tenant) && one.untilNs() - nowNs > 0) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void publish(TenantId tenant, LiveMessage message) {
    if (!isWatched(tenant)) {
      return;
    }
    var sent =
        switch (message) {
          case LiveMessage.Readings(var readings) -> sendReadings(tenant, readings);
          case LiveMessage.Source(var id, var view) ->
              send(new News.Source(tenant.value(), id, views.valueToTree(view)));
          case LiveMessage.ReadAgain() -> send(new News.ReadAgain(tenant.value()));
        };
    if (!sent) {
      owed.add(tenant);
    }
  }

  private boolean sendReadings(TenantId tenant, List<LiveMessage.Reading> readings) {
    for (var from = 0; from < readings.size(); from += READINGS_MAX) {
      var part = readings.subList(from, Math.min(readings.size(), from + READINGS_MAX));
      if (!send(new News.Readings(tenant.value(), part))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void watchedHere() {
    try {
      timer.execute(this::tellWatching);
    } catch (java.util.concurrent.RejectedExecutionException e) {
      log.debug("stopping, nobody needs to know who watches");
    }
  }

  @Override
  public void missing(UUID sourceId, int epoch, long firstMissingSeq) {
    send(new News.Missing(sourceId, epoch, firstMissingSeq));
  }

  private void tellRegularly() {
    try {
      tellWatching();
      for (var tenant : owed) {
        if (!isWatched(tenant) || send(new News.ReadAgain(tenant.value()))) {
          owed.remove(tenant);
        }
      }
      var nowNs = System.nanoTime();
      elsewhere.values().removeIf(one -> one.untilNs() - nowNs <= 0);
    } catch (RuntimeException e) {
      log.warn("other processes were not told, trying again", e);
    }
  }

  /// Once more when nobody watches any longer, then no more.
  private void tellWatching() {
    var now = hub.watched();
    if (!now.isEmpty() || !watchedAsTold.isEmpty()) {
      watchedAsTold = now;
      send(new News.Watching(now.stream().map(TenantId::value).collect(Collectors.toSet())));
    }
  }

  private boolean send(News.Told told) {
    return broadcast.send(json.writeValueAsBytes(new News(process, told)));
  }

  // What others tell.

  @Override
  public void heard(byte[] message) {
    News news;
    try {
      news = json.readValue(message, News.class);
    } catch (JacksonException e) {
      // Of a newer version of the platform, while it takes this one's place.
      log.debug("news that cannot be read: cause={}", e.toString());
      return;
    }
    if (news.from().equals(process)) {
      return;
    }
    switch (news.told()) {
      case News.Watching(var tenants) -> watching(news.from(), tenants);
      case News.Readings(var tenant, var readings) ->
          hub.deliver(new TenantId(tenant), new LiveMessage.Readings(readings));
      case News.Source(var tenant, var source, var view) ->
          hub.deliver(new TenantId(tenant), new LiveMessage.Source(source, view));
      case News.ReadAgain(var tenant) ->
          hub.deliver(new TenantId(tenant), new LiveMessage.ReadAgain());
      case News.Missing(var source, var epoch, var seq) -> marks.missingHere(source, epoch, seq);
      case null -> log.debug("news that tells nothing");
    }
  }

  private void watching(UUID from, @Nullable Set<UUID> tenants) {
    if (tenants == null || elsewhere.size() >= PROCESSES_MAX && !elsewhere.containsKey(from)) {
      return;
    }
    elsewhere.put(
        from,
        new Watching(
            tenants.stream().map(TenantId::new).collect(Collectors.toSet()),
            System.nanoTime() + WATCHING_HOLDS.toNanos()));
  }

  /// What others told meanwhile was not heard, and they may not know who watches here.
  @Override
  public void listening() {
    hub.watched().forEach(tenant -> hub.deliver(tenant, new LiveMessage.ReadAgain()));
    watchedHere();
  }
}
