package io.claritystream.stream.materializer;

import io.claritystream.stream.source.SourceRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What is remembered of one model of a source between batches, so that a batch asks the database
/// little. All of it can be forgotten at any time without changing what is stored; it is forgotten
/// when a transaction did not commit. Used by the one thread that owns the source's partition.
final class SourceModel {
  /// More names than this are no metrics.
  static final int METRICS_MAX = 20_000;

  /// Its number in `analytics.model`.
  final int id;

  final UUID tenant;
  final UUID source;
  final Plans plans;
  final Keys keys = new Keys();
  final RowKeys rowKeys = new RowKeys();

  /// Counts batches, to tell what belongs to the one at hand.
  long batch;

  /// How much it remembers: devices, series and extras, long ones by their length.
  int weight;

  /// Whether it must not be used again, as what it remembers may not be what is committed.
  /// Volatile, because when a partition moves, the thread before says so to the one after.
  volatile boolean forgotten;

  private final Map<String, byte[]> scopes = new HashMap<>();
  private final Map<String, ByteMap<Device>> devicesByKind = new HashMap<>();
  private final Map<String, Metric> metrics = new HashMap<>();
  private final List<Metric> metricsWithoutId = new ArrayList<>();

  /// Sites that are known to have a row.
  private final Set<UUID> sites = new HashSet<>();

  SourceModel(SourceRef ref, int id, Dictionary dictionary, SourceTables sourceTables) {
    this.id = id;
    tenant = ref.tenantId().value();
    source = ref.sourceId();
    plans = new Plans(this, dictionary, sourceTables);
  }

  byte[] scope(String entity, String kind) {
    return scopes.computeIfAbsent(
        entity + ":" + kind, name -> Keys.scope(tenant, source, entity, kind));
  }

  ByteMap<Device> devices(String kind) {
    return devicesByKind.computeIfAbsent(kind, name -> new ByteMap<>());
  }

  /// The metric of that key; null if the source has too many.
  @Nullable Metric metric(String key, String name, String unit) {
    return metric(key, name, unit, false);
  }

  /// @param beyond whether there is always room
  @Nullable Metric metric(String key, String name, String unit, boolean beyond) {
    var metric = metrics.get(key);
    if (metric == null && (beyond || metrics.size() < METRICS_MAX) && !key.isEmpty()) {
      metric = new Metric(key, Keys.shortened(name), Keys.shortened(unit), metrics.size());
      metrics.put(key, metric);
      metricsWithoutId.add(metric);
      weight++;
    }
    return metric;
  }

  @Nullable Metric metric(String key) {
    return metrics.get(key);
  }

  List<Metric> metricsWithoutId() {
    return metricsWithoutId;
  }

  boolean isKnownSite(UUID site) {
    return sites.contains(site);
  }

  void siteIsKnown(UUID site) {
    sites.add(site);
  }

  void siteIsGone(UUID site) {
    sites.remove(site);
  }
}
