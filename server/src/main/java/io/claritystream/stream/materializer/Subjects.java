package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Tells of rows that are no readings which entity they describe, and as what. Used by one thread.
final class Subjects {
  static final String KEY_MISSING = "key_missing";

  private static final String KEY_EMPTY =
      "The row has no key: a column of it is null, or an empty text, which counts as none.";
  private static final String KEY_TOO_LONG =
      "The row's key is too long: it may have "
          + Keys.KEY_BYTES_MAX
          + " characters of ASCII, and fewer where others are among them, which take several bytes"
          + " each.";

  private final Keys keys;
  private final Readings readings;
  private final ExtraCells extras;
  private final Spans spans;

  Subjects(SourceModel model, Readings readings, ExtraCells extras) {
    keys = model.keys;
    this.readings = readings;
    this.extras = extras;
    spans = new Spans(keys, readings);
  }

  /// The entity that a row describes; null if it tells no key.
  @Nullable Subject of(TablePlan plan, Row row, long born) {
    if (plan.id.length == 0) {
      // A row without a key is told from others by its place in the stream alone.
      var key = "#" + Ordinal.epoch(born) + "-" + Ordinal.seq(born);
      var bytes = key.getBytes(StandardCharsets.US_ASCII);
      return new Subject(keys.id(plan.scope, bytes), kind(plan), key, null);
    }
    if (!keys.read(row, plan.id)) {
      return null;
    }
    if (plan.entity() == Entity.DEVICE) {
      var device = readings.described(plan);
      return new Subject(device.id, Subject.DEVICE, device.key, device);
    }
    var id = keys.id(plan.scope, keys.bytes, keys.offset, keys.length);
    var key =
        Texts.stored(new String(keys.bytes, keys.offset, keys.length, StandardCharsets.UTF_8));
    return new Subject(id, kind(plan), key, null);
  }

  /// Why [#of] knows no entity of a row.
  static String keyMissing(TablePlan plan, Row row) {
    return Keys.hasEmpty(row, plan.id) ? KEY_EMPTY : KEY_TOO_LONG;
  }

  private static String kind(TablePlan plan) {
    return plan.entity() == Entity.SITE ? Subject.SITE : Subject.ROW;
  }

  /// @param atUs of a session whose row the source has deleted and that stays: when that was
  Description describe(Subject subject, TablePlan plan, Row row, long born, long atUs) {
    var description = new Description(subject, plan.table, born);
    description.name = name(plan, row, subject.key());
    if (subject.device() != null) {
      description.shownKind = shownKind(plan, row);
      if (plan.parent.length > 0) {
        description.placed = true;
        if (keys.read(row, plan.parent)) {
          description.siteId = keys.id(plan.parentScope, keys.bytes, keys.offset, keys.length);
          description.siteKey = key();
        }
      }
    }
    var span = span(plan, row);
    description.span = span == null ? null : span.endedBy(atUs);
    description.leftOut =
        extras.read(plan, row, (key, value, column) -> description.extras.put(key.own(), value));
    return description;
  }

  /// When and what a session was; null if the row is none, or does not say when.
  @Nullable Span span(TablePlan plan, Row row) {
    return plan.isSession() ? spans.of(plan, row) : null;
  }

  /// The site that readings name is that of their device, if nothing else says where it is.
  void nameSite(Head head, TablePlan plan, Row row) {
    head.namesSite = plan.site.length > 0;
    head.siteId = null;
    if (head.namesSite && keys.read(row, plan.site)) {
      head.siteId = keys.id(plan.siteScope, keys.bytes, keys.offset, keys.length);
      head.siteKey = key();
    }
  }

  private String key() {
    return Texts.stored(new String(keys.bytes, keys.offset, keys.length, StandardCharsets.UTF_8));
  }

  private static String name(TablePlan plan, Row row, String key) {
    var text = plan.name == TablePlan.ABSENT ? null : row.text(plan.name);
    return text == null || text.isBlank() ? key : Keys.shortened(text.strip());
  }

  private static String shownKind(TablePlan plan, Row row) {
    var text = plan.kind == TablePlan.ABSENT ? null : row.text(plan.kind);
    return text == null || text.isBlank() || row.hashed(plan.kind)
        ? plan.mapping.kind()
        : Keys.shortened(text.strip());
  }
}
