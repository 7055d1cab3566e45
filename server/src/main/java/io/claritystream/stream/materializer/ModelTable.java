package io.claritystream.stream.materializer;

import org.jspecify.annotations.Nullable;

/// A captured table in one model, as `analytics.model_table` has it.
final class ModelTable {
  final int id;
  final String name;

  /// Whether rows that the source deletes stay as history.
  final boolean keep;

  private @Nullable String keyLayout;

  private @Nullable ImageKeys images;

  /// The same as the database has it.
  @Nullable String storedKeyLayout;

  /// Whether some version of it names sites beside its readings' devices.
  boolean namesSite;

  /// Whether a row came whose key was there already: from then on every key is looked up first.
  boolean repeats;

  /// Whether values of its stored rows may be left out: while not, nobody has to look for any when
  /// a row goes.
  boolean leavesOut;

  /// The epoch in which rows of it were read last, as far as is remembered; 0 if none.
  int readInEpoch;

  /// That of its newest event which told any columns; 0 if none did.
  int version;

  ModelTable(
      int id,
      String name,
      boolean keep,
      @Nullable String keyLayout,
      boolean namesSite,
      int version,
      boolean leavesOut) {
    this.id = id;
    this.name = name;
    this.keep = keep;
    keyLayout(keyLayout);
    storedKeyLayout = keyLayout;
    this.namesSite = namesSite;
    this.version = version;
    this.leavesOut = leavesOut;
  }

  /// What tells its stored rows apart; null if none was stored yet. See [TablePlan#keyLayout].
  @Nullable String keyLayout() {
    return keyLayout;
  }

  void keyLayout(@Nullable String layout) {
    keyLayout = layout;
    images = ImageKeys.read(layout);
  }

  /// Null if the keys of its rows are others than their images.
  @Nullable ImageKeys images() {
    return images;
  }
}
