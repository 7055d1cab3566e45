package io.claritystream.stream.materializer;

import java.util.UUID;

/// One extra to be written by a batch.
final class ExtraWrite {
  final UUID entityId;
  final String key;
  ExtraType type;
  String value;
  long seq;

  /// Whether the value is known to differ from the one before. Otherwise the database decides,
  /// and a row with the same value keeps its number: what is stored must not depend on what was
  /// cached.
  boolean changed;

  /// Whether the key may have a row of another type.
  boolean otherTypes;

  ExtraWrite(UUID entityId, String key, ExtraType type, String value, long seq) {
    this.entityId = entityId;
    this.key = key;
    this.type = type;
    this.value = value;
    this.seq = seq;
  }

  void replace(ExtraType newType, String newValue, long newSeq) {
    if (newType != type) {
      otherTypes = true;
    }
    type = newType;
    value = newValue;
    seq = newSeq;
    changed = true;
  }
}
