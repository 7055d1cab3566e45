package io.claritystream.stream.materializer;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the row that describes an entity says of it.
final class Description {
  final Subject subject;
  final String table;

  /// The event that created the row.
  final long born;

  /// What people call it.
  String name = "";

  /// Of a device: what people call its kind.
  String shownKind = "";

  /// Of a device: whether the row says where it is, be it nowhere.
  boolean placed;

  @Nullable UUID siteId;
  String siteKey = "";

  /// Of a session: when and what it was; null if the row does not say when.
  @Nullable Span span;

  /// By the names they are stored under.
  final Map<String, Texts.Typed> extras = new HashMap<>();

  /// How many of its values found no room, or are not as they came for their size.
  int leftOut;

  Description(Subject subject, String table, long born) {
    this.subject = subject;
    this.table = table;
    this.born = born;
  }
}
