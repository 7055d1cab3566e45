package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Reference;
import io.claritystream.stream.materializer.Mapping.TimeUnit;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A mapping made ready for one version of its table: columns by position, so that no name is
/// looked up for a row.
final class TablePlan {
  static final int ABSENT = -1;

  private static final List<String> KINDS = List.of("kind", "type", "class", "category");
  private static final List<String> DEVICES = List.of("device", "machine", "asset", "equipment");

  final String table;
  final ModelTable modelTable;

  /// That of its schema, in `control.source_table`.
  final int version;

  final TableSchema schema;
  final Mapping mapping;
  final KeySpace keys;

  /// How rows are told apart.
  final Identity identity;

  /// The columns of the key, and the same in an image of the key alone.
  final int[] keyColumns;

  final int[] oldKeyColumns;

  /// Begins the ids of the table's own entities.
  final byte[] scope;

  final int[] id;

  /// The columns that name the site of a device, the device of a reading; empty if none do.
  final int[] parent;

  /// Begins the ids of what [#parent] names.
  final byte[] parentScope;

  final String parentKind;
  final int[] site;
  final byte[] siteScope;
  final String siteKind;
  final int name;

  /// Says what kind of device a row describes.
  final int kind;

  final int time;
  final ValueKind timeKind;
  final boolean timeIsEpoch;

  /// Of sessions: when it began and ended, what it was and why.
  final int start;

  final int end;
  final int state;
  final int reason;

  /// Of sessions that have no state of their own: what a row of this table says a device did.
  final String deed;

  final int metric;
  final int value;
  final int unit;
  final int[] valueColumns;
  final Metric[] metrics;
  final ExtraColumn[] extras;

  /// The devices that readings of this table are of.
  final ByteMap<Device> devices;

  /// What stands for the device where readings name none.
  final byte[] soleKey;

  /// Before the names of metrics whose values are texts.
  final String textPath;

  /// Begins the ids of the places where such texts are kept.
  final byte[] textScope;

  enum Identity {
    /// By the values of their key columns.
    KEY,
    /// By the whole of them: there is no key, and the source tells whole rows.
    IMAGE,
    /// Not at all: the source tells only inserts.
    NONE
  }

  /// @param path as [ExtraNames] has it
  /// @param key null where the table has too many
  record ExtraColumn(int column, String path, ValueKind kind, @Nullable ExtraKey key) {}

  TablePlan(
      ModelTable modelTable,
      int version,
      TableSchema schema,
      Mapping mapping,
      KeySpace keys,
      SourceModel model) {
    this.modelTable = modelTable;
    this.version = version;
    this.schema = schema;
    this.mapping = mapping;
    this.keys = keys;
    table = schema.qualifiedName();
    keyColumns =
        IntStream.range(0, schema.columns().size())
            .filter(i -> schema.columns().get(i).key())
            .toArray();
    oldKeyColumns = IntStream.range(0, keyColumns.length).toArray();
    identity =
        keyColumns.length > 0
            ? Identity.KEY
            : schema.replicaIdentity() == 'f' ? Identity.IMAGE : Identity.NONE;
    scope =
        model.scope(
            switch (mapping.entity()) {
              case SITE -> "site";
              case DEVICE -> "device";
              case METRIC, SESSION, IGNORE, ROW -> "row";
            },
            mapping.kind());
    id = positions(mapping.id());
    parent = positions(mapping.parent());
    parentKind = mapping.parent() == null ? mapping.kind() : mapping.parent().kind();
    parentScope = model.scope(mapping.entity() == Entity.DEVICE ? "site" : "device", parentKind);
    site = positions(mapping.site());
    siteKind = mapping.site() == null ? "" : mapping.site().kind();
    siteScope = model.scope("site", siteKind);
    name = position(mapping.name());
    kind = mapping.entity() == Entity.DEVICE ? kindColumn() : ABSENT;
    time = position(mapping.time());
    timeKind = time == ABSENT ? ValueKind.OTHER : schema.columns().get(time).kind();
    timeIsEpoch = mapping.timeUnit() == TimeUnit.EPOCH;
    var session = mapping.session();
    start = session == null ? ABSENT : position(session.start());
    end = session == null ? ABSENT : position(session.end());
    state = session == null ? ABSENT : position(session.state());
    reason = session == null ? ABSENT : position(session.reason());
    deed = Words.ofDeed(schema.name());
    metric = position(mapping.metric());
    value = position(mapping.value());
    unit = position(mapping.unit());
    var columns = new ArrayList<Integer>();
    var found = new ArrayList<Metric>();
    for (var each : mapping.values()) {
      var at = position(each.column());
      var known = at == ABSENT ? null : model.metric(each.key(), each.name(), each.unit());
      if (known != null) {
        columns.add(at);
        found.add(known);
      }
    }
    valueColumns = columns.stream().mapToInt(Integer::intValue).toArray();
    metrics = found.toArray(Metric[]::new);
    var others = new ArrayList<ExtraColumn>();
    for (var column : mapping.extras()) {
      var at = position(column);
      if (at != ABSENT) {
        var kind = schema.columns().get(at).kind();
        // Documents have a key for each of their paths, and one of their own only for scalars.
        var path = ExtraNames.escaped(column);
        var key = isDocument(kind) ? null : keys.key(path);
        others.add(new ExtraColumn(at, path, kind, key));
      }
    }
    extras = others.toArray(ExtraColumn[]::new);
    devices = model.devices(parentKind);
    soleKey = table.getBytes(StandardCharsets.UTF_8);
    textPath = value == ABSENT ? "" : ExtraNames.escaped(String.valueOf(mapping.value())) + ".";
    textScope = model.scope("text", table);
    if (value != ABSENT) {
      keys.textsAreUnder(textPath);
    }
  }

  Entity entity() {
    return mapping.entity();
  }

  /// Whether an event told no more of the table than its name.
  boolean isNameAlone() {
    return schema.columns().isEmpty();
  }

  boolean isReading() {
    return mapping.entity() == Entity.METRIC;
  }

  boolean isSession() {
    return mapping.entity() == Entity.SESSION;
  }

  /// Whether a session lasts until the device's next row.
  boolean lastsUntilNext() {
    return mapping.session() != null && mapping.session().untilNext();
  }

  /// What the keys of its rows are made of, to tell whether stored keys still mean something.
  String keyLayout() {
    return switch (identity) {
      case KEY -> {
        var names = new StringBuilder("key");
        for (var column : keyColumns) {
          names.append(' ').append(ExtraNames.escaped(schema.columns().get(column).name()));
        }
        yield names.toString();
      }
      case IMAGE -> ImageKeys.of(version, false, List.of()).layout();
      case NONE -> "none";
    };
  }

  /// Whether keys of a layout mean something to events of this version, be it that some of them do
  /// not find their rows.
  boolean suits(ModelTable table) {
    return identity == Identity.IMAGE
        ? table.images() != null
        : keyLayout().equals(table.keyLayout());
  }

  /// Whether rows of another version of the table become what they would by this one, and refer to
  /// the same.
  boolean means(TablePlan other) {
    return mapping.entity() == other.mapping.entity()
        && Arrays.equals(scope, other.scope)
        && Arrays.equals(parentScope, other.parentScope)
        && Arrays.equals(siteScope, other.siteScope);
  }

  static boolean isDocument(ValueKind kind) {
    return kind == ValueKind.JSON || kind == ValueKind.JSONB;
  }

  /// The text column that says what kind of device a row is: `type`, or `machine_class` where the
  /// devices are machines. That of something else, as `protocol_type`, does not.
  private int kindColumn() {
    for (var noun : KINDS) {
      for (var i = 0; i < schema.columns().size(); i++) {
        var column = schema.columns().get(i);
        var name = column.name().toLowerCase(Locale.ROOT);
        var ofDevice =
            name.equals(noun)
                || name.equals(mapping.kind() + "_" + noun)
                || DEVICES.stream().anyMatch(device -> name.equals(device + "_" + noun));
        if (ofDevice && (column.kind() == ValueKind.TEXT || column.kind() == ValueKind.OTHER)) {
          return i;
        }
      }
    }
    return ABSENT;
  }

  /// Where another version of the table has a column of this one: under its name or, if it was
  /// renamed since, at its place; [#ABSENT] if nowhere.
  int columnIn(TablePlan other, int column) {
    if (other == this) {
      return column;
    }
    var name = schema.columns().get(column).name();
    var named = other.position(name);
    if (named != ABSENT || column >= other.schema.columns().size()) {
      return named;
    }
    var there = other.schema.columns().get(column);
    var renamed =
        position(there.name()) == ABSENT
            && there.typeName().equals(schema.columns().get(column).typeName());
    return renamed ? column : ABSENT;
  }

  private int[] positions(@Nullable Reference reference) {
    return reference == null ? new int[0] : positions(reference.columns());
  }

  /// All of the columns, or none if one is gone.
  private int[] positions(List<String> names) {
    var positions = names.stream().mapToInt(this::position).toArray();
    for (var position : positions) {
      if (position == ABSENT) {
        return new int[0];
      }
    }
    return positions;
  }

  private int position(@Nullable String name) {
    if (name != null) {
      for (var i = 0; i < schema.columns().size(); i++) {
        if (schema.columns().get(i).name().equals(name)) {
          return i;
        }
      }
    }
    return ABSENT;
  }
}
