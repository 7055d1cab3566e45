package io.claritystream.protocol.block;

/// What happened to a row. The ordinal is the wire code; the name in lower case is what bronze
/// stores and the API shows.
public enum Op {
  INSERT,
  UPDATE,
  DELETE,
  /// A row as a snapshot found it.
  READ,
  TRUNCATE;

  private static final Op[] OPS = values();

  static Op ofCode(int code) {
    if (code < 0 || code >= OPS.length) {
      throw new CorruptBlockException("unknown operation " + code);
    }
    return OPS[code];
  }

  /// The operation that is called so in bronze.
  public static Op ofLabel(String label) {
    for (var op : OPS) {
      if (op.label().equals(label)) {
        return op;
      }
    }
    throw new CorruptBlockException("unknown operation " + label);
  }

  /// `insert`, `update`, `delete`, `read` or `truncate`.
  public String label() {
    return switch (this) {
      case INSERT -> "insert";
      case UPDATE -> "update";
      case DELETE -> "delete";
      case READ -> "read";
      case TRUNCATE -> "truncate";
    };
  }
}
