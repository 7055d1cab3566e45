package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.TableSchema;
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
  final Keys keys = new Keys();

  /// Counts batches, to tell what belongs to the one at hand.
  long batch;

  /// How much it remembers: devices, series and extras, long ones by their length.
  int weight;

  /// Whether it must not be used again, as what it remembers may not be what is committed.
  /// Volatile, because when a partition moves, the thread before says so to the one after.
  volatile boolean forgotten;

  private final Map<String, byte[]> scopes = new HashMap<>();
  private final Map<Long, TablePlan> plans = new HashMap<>();
  private final Map<String, ByteMap<Device>> devicesByKind = new HashMap<>();
  private final Map<String, Metric> metrics = new HashMap<>();
  private final List<Metric> metricsWithoutId = new ArrayList<>();
  private final Map<String, KeySpace> keySpaces = new HashMap<>();

  /// Sites that are known to have a row.
  private final Set<UUID> sites = new HashSet<>();

  private @Nullable TableSchema lastSchema;
  private @Nullable TablePlan lastPlan;

  SourceModel(SourceRef ref, int id) {
    this.id = id;
    tenant = ref.tenantId().value();
    source = ref.sourceId();
  }

  byte[] scope(String entity, String kind) {
    return scopes.computeIfAbsent(
        entity + ":" + kind, name -> Keys.scope(tenant, source, entity, kind));
  }

  /// The plan of a schema; null if it was not made yet.
  @Nullable TablePlan plan(TableSchema schema, long fingerprint) {
    if (schema == lastSchema) {
      return lastPlan;
    }
    var plan = plans.get(fingerprint);
    if (plan != null) {
      lastSchema = schema;
      lastPlan = plan;
    }
    return plan;
  }

  TablePlan addPlan(TableSchema schema, long fingerprint, Mapping mapping) {
    var plan = new TablePlan(schema, mapping, this);
    plans.put(fingerprint, plan);
    lastSchema = schema;
    lastPlan = plan;
    return plan;
  }

  boolean hasKeySpace(String table) {
    return keySpaces.containsKey(table);
  }

  /// @param ofOthers whether the extras belong to entities of another table
  /// @param saved the keys admitted so far, in order
  void addKeySpace(String table, boolean ofOthers, List<String> saved) {
    var shown = table.startsWith("public.") ? table.substring("public.".length()) : table;
    keySpaces.put(table, new KeySpace(table, ofOthers ? shown + "." : "", saved));
  }

  KeySpace keySpace(String table) {
    var keys = keySpaces.get(table);
    if (keys == null) {
      throw new IllegalStateException("the keys of " + table + " were not read");
    }
    return keys;
  }

  Iterable<KeySpace> keySpaces() {
    return keySpaces.values();
  }

  ByteMap<Device> devices(String kind) {
    return devicesByKind.computeIfAbsent(kind, name -> new ByteMap<>());
  }

  /// The metric of that key; null if the source has too many.
  @Nullable Metric metric(String key, String name, String unit) {
    var metric = metrics.get(key);
    if (metric == null && metrics.size() < METRICS_MAX && !key.isEmpty()) {
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
}
