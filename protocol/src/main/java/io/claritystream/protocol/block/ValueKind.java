package io.claritystream.protocol.block;

/// How the text of a column's values is to be read. The ordinal is the wire code: new kinds go
/// last.
public enum ValueKind {
  /// Anything whose text has no further meaning to us: ranges, geometry, composites, …
  OTHER,
  /// `t` or `f`.
  BOOL,
  INT,
  /// Exact decimal; also `NaN`, `Infinity`, `-Infinity`.
  NUMERIC,
  /// Binary floating point in its shortest exact text; also `NaN`, `Infinity`, `-Infinity`, `-0`.
  FLOAT,
  TEXT,
  DATE,
  TIME,
  /// Without a zone.
  TIMESTAMP,
  /// A moment; its text is in UTC.
  TIMESTAMPTZ,
  /// Text that is JSON and must be kept to the letter.
  JSON,
  /// JSON whose text form PostgreSQL's jsonb gives back unchanged.
  JSONB,
  UUID,
  /// `\x` and hex digits.
  BINARY,
  ARRAY;

  private static final ValueKind[] KINDS = values();

  /// The kind for a wire code; [#OTHER] for a code that this version does not know.
  static ValueKind ofCode(int code) {
    return code >= 0 && code < KINDS.length ? KINDS[code] : OTHER;
  }

  /// Whether finite values are numbers.
  public boolean numeric() {
    return this == INT || this == NUMERIC || this == FLOAT;
  }
}
