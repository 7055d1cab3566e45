package io.claritystream.agent;

import io.claritystream.agent.SourceSettings.OnGap;
import io.claritystream.agent.files.PrivateFile;
import io.claritystream.agent.postgres.Capture;
import io.claritystream.agent.postgres.CaptureEnd;
import io.claritystream.agent.postgres.CaptureState;
import io.claritystream.agent.postgres.CaptureState.Phase;
import io.claritystream.agent.postgres.Gaps;
import io.claritystream.agent.postgres.Preflight;
import io.claritystream.agent.postgres.Progress;
import io.claritystream.agent.postgres.SnapshotOrders;
import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.agent.postgres.SourceIdentity;
import io.claritystream.agent.postgres.StateFile;
import io.claritystream.agent.postgres.Unusable;
import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.agent.spool.SpoolDamagedException;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.agent.uplink.Platform;
import io.claritystream.agent.uplink.Uplink;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Works on one source from when it is found to when it is taken away: registers it, gets an epoch
/// for it, captures it, and begins again whenever something ends.
final class SourceWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWorker.class);
  private static final long RETRY_MIN_MS = 500;
  private static final long RETRY_MAX_MS = 5_000;
  private static final long REFUSED_RETRY_MS = 8_000;

  /// How long what is spooled may take to become durable before a gap is repaired.
  private static final long DRAIN_MS = 30_000;

  private record Grant(int epoch, long position, String reason) {}

  private final Home home;
  private final SourceSettings settings;
  private final Platform platform;
  private final SpoolLimits limits;
  private final Clock clock;
  private final Duration watchEvery;
  private final Map<String, String> environment;
  private final Progress progress = new Progress();
  private final SourceFiles files;
  private final StateFile state;
  private final Gaps gaps;
  private final SnapshotOrders orders;
  private final Standstill standstill = new Standstill();
  private final Path spoolDirectory;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile boolean stopped;
  private volatile @Nullable Grant grant;
  private volatile @Nullable String damaged;
  private volatile @Nullable Uplink uplink;
  private volatile @Nullable Spool spool;
  private volatile String unregistered = "";
  private @Nullable Appender appender;
  private int failures;

  SourceWorker(
      Home home,
      SourceSettings settings,
      Platform platform,
      SpoolLimits limits,
      Clock clock,
      Duration watchEvery,
      Map<String, String> environment)
      throws IOException {
    this.home = home;
    this.settings = settings;
    this.platform = platform;
    this.limits = limits;
    this.clock = clock;
    this.watchEvery = watchEvery;
    this.environment = environment;
    var directory = home.source(settings.name());
    spoolDirectory = directory.resolve("spool");
    PrivateFile.directory(spoolDirectory);
    files = SourceFiles.load(directory, settings.slot(), settings.generation());
    state = files.state();
    gaps = files.gaps();
    orders = files.orders();
    thread = Thread.ofPlatform().name("source " + settings.name()).daemon().unstarted(this::run);
  }

  SourceWorker start() {
    thread.start();
    return this;
  }

  SourceSettings settings() {
    return settings;
  }

  /// How it stands, for `status`.
  SourceReport report() {
    var now = progress.now();
    var link = uplink;
    var store = spool;
    return new SourceReport(
        settings.name(),
        now.state(),
        now.detail(),
        now.notes(),
        link != null && link.connected(),
        link == null ? unregistered : link.trouble(),
        store == null ? now.capturedSeq() : Math.max(now.capturedSeq(), store.tailSeq()),
        link == null ? 0 : link.sentSeq(),
        durable(link),
        now.lagBytes(),
        store == null ? 0 : store.bytes(),
        limits.bytesMax(),
        now.tablesDone(),
        now.tablesTotal(),
        now.rows(),
        now.lastCommitAtUs());
  }

  /// The platform says it when a stream begins; before, nobody here knows.
  private static long durable(@Nullable Uplink link) {
    return link == null || !link.durableKnown() ? SourceReport.NOT_KNOWN : link.durableSeq();
  }

  private void run() {
    while (!stopped) {
      try {
        round();
      } catch (InterruptedException e) {
        return;
      } catch (IOException e) {
        LOG.error("source {} failed: {}", settings.name(), e.getMessage());
        LOG.debug("source {} failed", settings.name(), e);
        progress.state(SourceState.FAILED, String.valueOf(e.getMessage()));
        quietly(this::letGo);
        quietly(() -> pause(REFUSED_RETRY_MS));
      } catch (UncheckedIOException e) {
        progress.state(SourceState.FAILED, String.valueOf(e.getCause().getMessage()));
        quietly(() -> pause(REFUSED_RETRY_MS));
      } catch (OutOfMemoryError e) {
        LOG.error("source {}: a row is larger than the agent's memory", settings.name());
        progress.state(
            SourceState.FAILED,
            "a row is larger than the agent's memory; start it with a larger -Xmx");
        quietly(this::letGo);
        quietly(() -> pause(REFUSED_RETRY_MS));
      } catch (RuntimeException e) {
        LOG.error("source {} failed", settings.name(), e);
        progress.state(SourceState.FAILED, e.toString());
        quietly(this::letGo);
        quietly(() -> pause(REFUSED_RETRY_MS));
      }
    }
    quietly(this::letGo);
  }

  private interface Step {
    void run() throws IOException, InterruptedException;
  }

  private void quietly(Step step) {
    try {
      step.run();
    } catch (IOException e) {
      LOG.warn("source {}: {}", settings.name(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// One step of the state machine that [CaptureState] draws.
  private void round() throws IOException, InterruptedException {
    if (state.now().generation() != settings.generation()) {
      anew(
          state.now().phase() == Phase.STOPPED
              ? "a person ordered its repair"
              : "its tables were chosen anew");
    }
    if (state.now().phase() == Phase.STOPPED && settings.onGap() == OnGap.REPAIR) {
      anew(state.now().reason());
    }
    orders.takeLeft();
    if (orders.asksForAll() && state.now().phase() != Phase.SNAPSHOT) {
      if (state.now().phase() != Phase.SNAPSHOT_WANTED) {
        anew("a person ordered a new snapshot");
      }
      orders.allBegun();
    }
    if (!registered()) {
      return;
    }
    var link = linked();
    var why = damaged;
    if (why != null) {
      damaged = null;
      if (state.now().phase() == Phase.STOPPED) {
        closeSpool();
        Spool.drop(spoolDirectory);
        return;
      }
      want(
          state.now().phase() == Phase.STREAM ? Phase.RESUME_WANTED : Phase.SNAPSHOT_WANTED,
          "the spool is damaged: " + why);
    }
    var granted = grant;
    if (granted != null) {
      grant = null;
      begin(granted);
    }
    if (state.now().wantsEpoch()) {
      progress.state(SourceState.WAITING, "asks the platform where to begin");
      link.wantEpoch();
      awaitChange(1_000);
      return;
    }
    var store = opened(link);
    if (store == null) {
      return;
    }
    if (state.now().phase() == Phase.STOPPED) {
      progress.state(SourceState.STOPPED, stoppedWords());
      awaitChange(1_000);
      return;
    }
    captured(capture(store, link));
  }

  private String stoppedWords() {
    return "Changes were missed: "
        + state.now().reason()
        + ". Capture stands still, as --on-gap stop says; go on with a new copy of all tables by"
        + " `source repair "
        + settings.name()
        + "` at the agent";
  }

  /// The platform has to know the source before anything of it can be sent.
  private boolean registered() throws IOException, InterruptedException {
    if (state.now().registeredBy(platform.identity().agentId())) {
      return true;
    }
    var database = settings.database(home, environment);
    try {
      if (new Removals(home).tell(settings.name(), platform)
          instanceof Removals.Told.Away(var why)) {
        platformAway(why);
        return false;
      }
      var identity = SourceIdentity.read(database);
      var tables = Preflight.check(database, settings.choice(), settings.slot()).tableNames();
      switch (platform.register(
          settings.name(), identity.fingerprint(), identity.serverVersion(), tables)) {
        case Platform.Registered(var id) -> {
          var another = !state.now().sourceId().isEmpty() && !state.now().sourceId().equals(id);
          var known =
              state.now().registered(id, identity.fingerprint(), platform.identity().agentId());
          if (another) {
            letGo();
            known = known.wanting(Phase.SNAPSHOT_WANTED, "the agent was paired anew");
          }
          state.becomes(known);
          failures = 0;
          unregistered = "";
          return true;
        }
        case Platform.NotRegistered(var reason) -> platformAway(reason);
      }
    } catch (SQLException e) {
      retry("the database cannot be used: " + Unusable.words(e, database));
    }
    return false;
  }

  private void platformAway(String reason) throws InterruptedException {
    unregistered = reason;
    retry("is not known to the platform yet");
  }

  private Uplink linked() {
    var link = uplink;
    if (link == null) {
      link =
          new Uplink(state.now().sourceId(), platform, progress, gaps, orders, new FromPlatform())
              .start();
      uplink = link;
    }
    return link;
  }

  /// What the uplink's thread says, for this source's thread to act on.
  private final class FromPlatform implements Uplink.Listener {
    @Override
    public void epochGranted(int epoch, long position, String reason) {
      grant = new Grant(epoch, position, reason);
      signal();
    }

    @Override
    public void spoolDamaged(String reason) {
      damaged = reason;
      signal();
    }
  }

  private void want(Phase phase, String reason) throws IOException, InterruptedException {
    LOG.warn("source {} has to be numbered anew: {}", settings.name(), reason);
    closeSpool();
    state.becomes(state.now().wanting(phase, reason));
    Spool.drop(spoolDirectory);
  }

  /// Registers again as well: it may be another database now.
  private void anew(String reason) throws IOException, InterruptedException {
    LOG.warn("source {} begins anew: {}", settings.name(), reason);
    closeSpool();
    state.becomes(state.now().anew(settings.generation(), reason));
    Spool.drop(spoolDirectory);
  }

  /// The platform granted an epoch: what the spool holds is not continued.
  private void begin(Grant granted) throws IOException, InterruptedException {
    closeSpool();
    if (state.now().phase() == Phase.STOPPED) {
      state.becomes(
          state.now().inEpoch(granted.epoch(), Phase.STREAM, 0, "").stopped(state.now().reason()));
      Spool.drop(spoolDirectory);
      return;
    }
    if (state.now().phase() == Phase.RESUME_WANTED && granted.position() == 0) {
      gaps.noticed(
          new CaptureEnd.Missing(
              GapCause.SPOOL_LOST,
              "what the agent had not sent yet was lost in the middle of a transaction: "
                  + state.now().reason(),
              0,
              0),
          micros());
    }
    var snapshot =
        state.now().phase() == Phase.SNAPSHOT_WANTED
            || state.now().phase() == Phase.SNAPSHOT
            || granted.position() == 0;
    // What an epoch was begun for that streams since is not why this one begins.
    var why =
        state.now().wantsEpoch() && !state.now().reason().isEmpty()
            ? state.now().reason()
            : granted.reason();
    LOG.info(
        "source {} {}{} (epoch {})",
        settings.name(),
        snapshot ? "begins with a copy of all its tables" : "goes on from what the platform holds",
        why.isEmpty() ? "" : ", because " + why,
        granted.epoch());
    if (!snapshot) {
      files.tables().again();
    }
    state.becomes(
        state
            .now()
            .inEpoch(
                granted.epoch(),
                snapshot ? Phase.SNAPSHOT : Phase.STREAM,
                snapshot ? 0 : granted.position(),
                why));
    Spool.drop(spoolDirectory);
  }

  private @Nullable Spool opened(Uplink link) throws IOException, InterruptedException {
    var store = spool;
    if (store != null) {
      return store;
    }
    try {
      store = Spool.open(spoolDirectory, state.now().epoch(), limits);
    } catch (SpoolDamagedException e) {
      damaged = e.getMessage();
      return null;
    }
    if (state.now().phase() == Phase.SNAPSHOT && store.tailSeq() > 0) {
      store.close();
      want(Phase.SNAPSHOT_WANTED, "its snapshot was cut short");
      return null;
    }
    if (state.now().phase() == Phase.STREAM
        && store.tailSeq() < state.now().place().snapshotEvents()) {
      store.close();
      damaged = "it is gone";
      return null;
    }
    spool = store;
    link.attach(store);
    return store;
  }

  private CaptureEnd capture(Spool store, Uplink link) throws IOException, InterruptedException {
    // What an earlier attempt handed over and was not appended must not follow what this one
    // reads again.
    var writer = new Appender(store, state.now().sourceId(), progress::trouble).start();
    appender = writer;
    try {
      var capture =
          new Capture(
              settings.database(home, environment),
              settings.choice(),
              files,
              store,
              writer,
              link,
              progress,
              clock,
              watchEvery,
              () -> stopped || grant != null || damaged != null);
      return capture.run();
    } finally {
      writer.close();
      appender = null;
      progress.trouble("");
    }
  }

  private void captured(CaptureEnd end) throws IOException, InterruptedException {
    switch (end) {
      case CaptureEnd.Stopped() -> failures = 0;
      case CaptureEnd.Interrupted(var reason) -> {
        LOG.debug("capture of {} was interrupted: {}", settings.name(), reason);
        retry(reason);
      }
      case CaptureEnd.Refused(var reason) -> {
        LOG.debug("{} cannot be captured: {}", settings.name(), reason);
        progress.state(SourceState.FAILED, reason);
        awaitChange(REFUSED_RETRY_MS);
      }
      case CaptureEnd.Undecoded undecoded -> {
        if (standstill.lasts(undecoded.failure(), System.nanoTime())) {
          missed(undecoded.missing());
        } else {
          LOG.debug("capture of {} was interrupted: {}", settings.name(), undecoded.reason());
          retry(undecoded.reason());
        }
      }
      case CaptureEnd.Broken(var reason) -> anew(reason);
      case CaptureEnd.Missing missing -> missed(missing);
    }
  }

  /// On disk before anything is done about it. What is spooled is let become durable, if the
  /// platform takes it soon: what would be dropped with the spool belongs to the gap.
  private void missed(CaptureEnd.Missing missing) throws IOException, InterruptedException {
    LOG.error("changes of source {} were missed: {}", settings.name(), missing.words());
    gaps.noticed(missing, micros());
    if (settings.onGap() == OnGap.STOP) {
      state.becomes(state.now().stopped(missing.words()));
      return;
    }
    progress.state(SourceState.WAITING, "changes were missed: " + missing.words());
    var link = linked();
    var store = spool;
    if (store != null) {
      var until = System.nanoTime() + DRAIN_MS * 1_000_000;
      while (link.durableSeq() < store.tailSeq() && System.nanoTime() < until && !stopped) {
        awaitChange(50);
      }
      if (stopped) {
        return;
      }
      if (link.durableSeq() < store.tailSeq()) {
        gaps.begins(link.durablePosition());
      }
    }
    anew(missing.words());
  }

  private long micros() {
    var now = clock.instant();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }

  private void retry(String reason) throws InterruptedException {
    progress.state(SourceState.WAITING, reason);
    var most = Math.min(RETRY_MAX_MS, RETRY_MIN_MS << Math.min(failures++, 10));
    awaitChange(ThreadLocalRandom.current().nextLong(most / 2, most + 1));
  }

  private void closeSpool() throws IOException, InterruptedException {
    var link = uplink;
    if (link != null) {
      link.detach();
    }
    var store = spool;
    if (store != null) {
      spool = null;
      store.close();
    }
  }

  private void letGo() throws IOException, InterruptedException {
    var writer = appender;
    if (writer != null) {
      writer.close();
      appender = null;
    }
    closeSpool();
    var link = uplink;
    if (link != null) {
      uplink = null;
      link.close();
    }
  }

  private void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitChange(long ms) throws InterruptedException {
    lock.lock();
    try {
      var left = ms * 1_000_000;
      while (!stopped && grant == null && damaged == null && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private void pause(long ms) throws InterruptedException {
    lock.lock();
    try {
      var left = ms * 1_000_000;
      while (!stopped && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    stopped = true;
    signal();
    try {
      thread.join(15_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
