package io.claritystream.stream.source;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Carries what ingest has committed to whoever serves the source in this process, at once, and
/// what it misses to whoever does so anywhere. It is a short cut and no record: nothing is kept for
/// a listener that comes later, and the gateway reads `control.checkpoint_source` as well.
public final class DurableMarks {

  /// Told of one source, on the thread of the one who commits: it must neither block nor throw.
  public interface Listener {
    void durable(DurableMark mark);

    /// The consumer found that this number does not follow what is durable, and has thrown away
    /// what came after it.
    void missing(int epoch, long firstMissingSeq);
  }

  /// Whoever serves a source in another process. May not wait.
  public interface Elsewhere {
    void missing(UUID sourceId, int epoch, long firstMissingSeq);
  }

  private volatile Elsewhere elsewhere = (_, _, _) -> {};
  private final ConcurrentMap<UUID, List<Listener>> listeners = new ConcurrentHashMap<>();

  /// To be called after the commit, never before.
  public void committed(DurableMark mark) {
    for (Listener listener : listeners.getOrDefault(mark.sourceId(), List.of())) {
      listener.durable(mark);
    }
  }

  /// Tells others too from now on.
  public void join(Elsewhere others) {
    elsewhere = others;
  }

  /// Asks for everything from this number on once more, wherever the source is served.
  public void missing(UUID sourceId, int epoch, long firstMissingSeq) {
    missingHere(sourceId, epoch, firstMissingSeq);
    // Also where somebody listens here: it may be a stream that is over and does not know it yet.
    elsewhere.missing(sourceId, epoch, firstMissingSeq);
  }

  /// The same, in this process alone.
  public void missingHere(UUID sourceId, int epoch, long firstMissingSeq) {
    for (Listener listener : listeners.getOrDefault(sourceId, List.of())) {
      listener.missing(epoch, firstMissingSeq);
    }
  }

  /// Tells the listener from now on.
  public void listen(UUID sourceId, Listener listener) {
    listeners.compute(
        sourceId,
        (_, there) -> {
          List<Listener> all = there == null ? new CopyOnWriteArrayList<>() : there;
          all.add(listener);
          return all;
        });
  }

  /// The listener is told nothing more after this, but for what is being told at this moment.
  public void forget(UUID sourceId, Listener listener) {
    listeners.computeIfPresent(
        sourceId,
        (_, there) -> {
          there.remove(listener);
          return there.isEmpty() ? null : there;
        });
  }
}
