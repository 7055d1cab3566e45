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
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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

  /// Of a message; some 40 bytes each.
  private static final int TENANTS_MAX = 10_000;

  /// The tenants that are remembered; many more than one platform has.
  private static final int REMEMBERED_MAX = 1_000_000;

  private final UUID process = UUID.randomUUID();
  private final Broadcast broadcast;
  private final LiveHub hub;
  private final DurableMarks marks;

  /// As the API shows things.
  private final JsonMapper views;

  private final JsonMapper json = new JsonMapper();

  /// Until when each tenant counts as one that is watched in another process.
  private final Map<TenantId, Long> watchedUntilNs = new ConcurrentHashMap<>();

  /// Whose pages elsewhere missed something that could not be sent.
  private final Set<TenantId> owed = ConcurrentHashMap.newKeySet();

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("relay-watching").factory());

  /// Whether the timer will look for tenants that are newly watched, once for however many.
  private final AtomicBoolean looking = new AtomicBoolean();

  /// Used by the timer alone.
  private Set<TenantId> watchedAsTold = Set.of();

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
    var untilNs = watchedUntilNs.get(tenant);
    return untilNs != null && untilNs - System.nanoTime() > 0;
  }

  @Override
  public void publish(TenantId tenant, LiveMessage message) {
    if (!isWatched(tenant)) {
      return;
    }
    switch (message) {
      case LiveMessage.Readings(var readings) -> sendReadings(tenant, readings);
      case LiveMessage.Source(var id, var view) ->
          send(tenant, new News.Source(tenant.value(), id, views.valueToTree(view)));
      case LiveMessage.ReadAgain() -> send(tenant, new News.ReadAgain(tenant.value()));
    }
  }

  private void sendReadings(TenantId tenant, List<LiveMessage.Reading> readings) {
    for (var from = 0; from < readings.size(); from += READINGS_MAX) {
      var part = readings.subList(from, Math.min(readings.size(), from + READINGS_MAX));
      send(tenant, new News.Readings(tenant.value(), part));
    }
  }

  @Override
  public void watchedHere() {
    if (looking.compareAndSet(false, true)) {
      onTimer(this::tellNewlyWatched);
    }
  }

  private void onTimer(Runnable task) {
    try {
      timer.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("stopping, nobody needs to know who watches");
    }
  }

  /// Lost, it is found missing by the gateway that has the source, after ten seconds.
  @Override
  public void missing(UUID sourceId, int epoch, long firstMissingSeq) {
    send(new News.Missing(sourceId, epoch, firstMissingSeq), () -> {});
  }

  private void tellRegularly() {
    try {
      tellAllWatched();
      for (var tenant : owed) {
        // Before it is told, so that what is lost from here on is owed anew.
        owed.remove(tenant);
        if (isWatched(tenant)) {
          send(tenant, new News.ReadAgain(tenant.value()));
        }
      }
      var nowNs = System.nanoTime();
      watchedUntilNs.values().removeIf(untilNs -> untilNs - nowNs <= 0);
    } catch (RuntimeException e) {
      log.warn("other processes were not told, trying again", e);
    }
  }

  private void tellAllWatched() {
    watchedAsTold = hub.watched();
    tellWatched(List.copyOf(watchedAsTold));
  }

  private void tellNewlyWatched() {
    looking.set(false);
    var before = watchedAsTold;
    watchedAsTold = hub.watched();
    tellWatched(watchedAsTold.stream().filter(tenant -> !before.contains(tenant)).toList());
  }

  /// Lost, it is told again two seconds later.
  private void tellWatched(List<TenantId> tenants) {
    for (var from = 0; from < tenants.size(); from += TENANTS_MAX) {
      var part = tenants.subList(from, Math.min(tenants.size(), from + TENANTS_MAX));
      send(
          new News.Watching(part.stream().map(TenantId::value).collect(Collectors.toSet())),
          () -> {});
    }
  }

  /// Lost, the tenant's pages elsewhere are to be read again.
  private void send(TenantId tenant, News.Told told) {
    send(told, () -> owed.add(tenant));
  }

  private void send(News.Told told, Runnable lost) {
    broadcast.send(json.writeValueAsBytes(new News(process, told)), lost);
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
      case News.Watching(var tenants) -> watching(tenants);
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

  private void watching(@Nullable Set<UUID> tenants) {
    if (tenants == null) {
      return;
    }
    var untilNs = System.nanoTime() + WATCHING_HOLDS.toNanos();
    for (var id : tenants) {
      var tenant = new TenantId(id);
      if (watchedUntilNs.size() < REMEMBERED_MAX || watchedUntilNs.containsKey(tenant)) {
        watchedUntilNs.put(tenant, untilNs);
      }
    }
  }

  /// What others told meanwhile was not heard, and they may not know who watches here.
  @Override
  public void listening() {
    hub.watched().forEach(tenant -> hub.deliver(tenant, new LiveMessage.ReadAgain()));
    onTimer(this::tellAllWatched);
  }
}
