package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Folds captured events into the read models. See the package for what becomes of them.
///
/// Safe for several threads, as long as one model is only one thread's at a time.
public final class Materializer {
  /// About how many devices, series and extras are remembered, over all models.
  private static final int REMEMBERED_MAX = 3_000_000;

  /// One model alone is forgotten beyond this.
  private static final int REMEMBERED_OF_SOURCE_MAX = 1_000_000;

  private final Dictionary dictionary;
  private final SourceTables tables;

  /// The least recently used first.
  private final Map<Integer, SourceModel> models = new LinkedHashMap<>(64, 0.75f, true);

  /// An event that could not be folded.
  ///
  /// @param cause a short, stable word for it
  /// @param detail a sentence for people
  public record Failure(ChangeEvent event, String cause, String detail) {}

  /// @param service for the dictionaries: its own connections, each for a moment
  Materializer(DataSource service, SourceTables tables) {
    dictionary = new Dictionary(service);
    this.tables = tables;
  }

  /// Folds events of one source and epoch into one of its models, in the order of their numbers,
  /// within the transaction of `connection`. Calls in one transaction see those before them. A
  /// caller that commits, rolls back, or rolls back to a savepoint before the call tells the result
  /// so.
  ///
  /// Each event is folded into a model at most once: telling repeats apart is the caller's.
  ///
  /// @param modelId one of [Models]; used by one thread at a time
  /// @throws SQLException as PostgreSQL gave it; the transaction or savepoint is then to be
  ///     rolled back, and nothing is remembered of the model
  public Applied apply(
      Connection connection, SourceRef source, int modelId, List<ChangeEvent> events)
      throws SQLException {
    var model = model(source, modelId);
    var done = false;
    try {
      var fold = fold(model, source, events);
      number(model, fold);
      new Flush(connection, fold).write();
      var applied = applied(model, fold);
      done = true;
      return applied;
    } finally {
      if (!done) {
        model.forgotten = true;
      }
    }
  }

  /// Whoever takes over a model, be it again, begins with what is stored: others may have folded
  /// events into it in the meantime.
  public void forget(int modelId) {
    synchronized (models) {
      models.remove(modelId);
    }
  }

  private Fold fold(SourceModel model, SourceRef source, List<ChangeEvent> events)
      throws SQLException {
    var fold = new Fold(model, source.epoch());
    for (var event : events) {
      var plan = model.plan(event.schema(), event.schemaFingerprint());
      if (plan == null) {
        plan = newPlan(model, source, event);
      }
      fold.add(plan, event);
    }
    return fold;
  }

  private TablePlan newPlan(SourceModel model, SourceRef source, ChangeEvent event)
      throws SQLException {
    var schema = event.schema();
    var fingerprint = event.schemaFingerprint();
    var known = tables.known(source, schema, fingerprint, source.epoch(), event.seq());
    var table = schema.qualifiedName();
    if (!model.hasKeySpace(table)) {
      model.addKeySpace(
          table,
          known.mapping().entity() == Entity.METRIC,
          dictionary.keys(model.tenant, model.source, table));
    }
    return model.addPlan(schema, fingerprint, known.mapping());
  }

  /// Everything that has a number of its own gets it before the batch is written.
  private void number(SourceModel model, Fold fold) throws SQLException {
    dictionary.numberMetrics(model.tenant, model.metricsWithoutId());
    model.metricsWithoutId().clear();
    dictionary.numberSeries(model.id, fold.seriesWithoutId);
    for (var keys : model.keySpaces()) {
      var fresh = keys.takeUnsaved();
      if (!fresh.isEmpty()) {
        dictionary.addKeys(
            model.tenant, model.source, keys.table, keys.size() - fresh.size(), fresh);
      }
    }
  }

  private static Applied applied(SourceModel model, Fold fold) {
    var newest = new ArrayList<Minute>();
    var readings = 0L;
    for (var minute : fold.minutes) {
      readings += minute.count + minute.nans + minute.infinities;
      // Sorted by series, then minute: the last finite one of a series is its newest.
      if (minute.count > 0) {
        if (!newest.isEmpty() && newest.getLast().series == minute.series) {
          newest.removeLast();
        }
        newest.add(minute);
      }
    }
    var live = new ArrayList<LiveUpdate>(newest.size());
    for (var minute : newest) {
      var series = minute.series;
      if (minute.lastAtUs > series.newestAtUs
          || minute.lastAtUs == series.newestAtUs && minute.lastSeq > series.newestSeq) {
        series.newestAtUs = minute.lastAtUs;
        series.newestSeq = minute.lastSeq;
        live.add(
            new LiveUpdate(
                series.device.id,
                series.device.siteId,
                series.metric.key,
                minute.last(),
                instant(minute.lastAtUs),
                Ordinal.seq(minute.lastSeq)));
      }
    }
    return new Applied(model, readings, live, fold.failures);
  }

  private static Instant instant(long us) {
    return Instant.ofEpochSecond(
        Math.floorDiv(us, 1_000_000L), Math.floorMod(us, 1_000_000L) * 1_000L);
  }

  private SourceModel model(SourceRef source, int modelId) {
    synchronized (models) {
      @Nullable SourceModel model = models.get(modelId);
      if (model == null || model.forgotten || model.weight > REMEMBERED_OF_SOURCE_MAX) {
        model = new SourceModel(source, modelId);
        models.put(modelId, model);
        forgetOthers(modelId);
      }
      return model;
    }
  }

  /// Forgets the models that were not used for longest, until the rest fits.
  private void forgetOthers(int kept) {
    var total = 0L;
    for (var model : models.values()) {
      total += model.weight;
    }
    var eldest = models.entrySet().iterator();
    while (total > REMEMBERED_MAX && eldest.hasNext()) {
      var next = eldest.next();
      if (next.getKey() != kept) {
        total -= next.getValue().weight;
        eldest.remove();
      }
    }
  }
}
