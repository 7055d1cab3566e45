package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.Row;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The bytes by which `row_state` tells the rows of a table apart. Used by one thread.
///
/// A row with a key has the values of its key columns, each after its length, so that no two keys
/// read the same; a long one is replaced by its hash. A row without a key whose source tells whole
/// rows has `~` and a hash of its image, to be found by, and its birth, as equal rows are many.
/// Where deleted rows stay, those that are there and that no key tells have `?` and their birth:
/// no key at all means deleted. So have those that were stored under another key and do not have
/// all of which the new one is made.
final class RowKeys {
  static final int LENGTH_MAX = 400;

  /// `~` and the hash: what the keys of equal rows begin with.
  static final int PREFIX_LENGTH = 17;

  /// What the keys of rows begin with that no key tells.
  static final byte UNTOLD = '?';

  private static final int HASH_BYTES = 16;

  /// No name is as long.
  private static final int LACKED = -20;

  private final MessageDigest sha256;
  private final byte[] number = new byte[4];

  RowKeys() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// Appends the key that these columns make. False, and nothing is appended, if the row does not
  /// tell one of them: it was masked, or the change did not touch it.
  boolean write(Row row, int[] columns, ByteSink out) {
    var start = out.size();
    for (var column : columns) {
      var length = row.length(column);
      if (length >= 0) {
        decimal(length, out);
        out.put(':').put(row.bytes(), row.offset(column), length);
      } else if (length == Row.NULL) {
        out.put('-');
      } else {
        out.truncate(start);
        return false;
      }
      out.put(';');
    }
    if (out.size() - start > LENGTH_MAX) {
      sha256.update(out.array(), start, out.size() - start);
      out.truncate(start);
      out.put('h').put(sha256.digest());
    }
    return true;
  }

  /// What stands for the key of a row that none tells, though it is there.
  static byte[] untold(long born) {
    var out = new ByteSink(1 + Long.BYTES);
    writeUntold(born, out);
    return out.toByteArray();
  }

  /// Whether a key ends with its row's birth, so that no two rows have it.
  static boolean hasBirth(byte[] key) {
    return key[0] == '~' || key[0] == UNTOLD;
  }

  static void writeUntold(long born, ByteSink out) {
    out.put(UNTOLD).int64(born);
  }

  private static void decimal(int value, ByteSink out) {
    if (value >= 10) {
      decimal(value / 10, out);
    }
    out.put('0' + value % 10);
  }

  /// Appends what the keys of rows with this very image begin with. Nulls are left out, so that a
  /// column that was added meanwhile, and is empty, makes no difference.
  void writePrefix(TablePlan plan, Row row, ByteSink out) {
    writePrefix(plan, row, Lacks.NOTHING, out);
  }

  /// The same for rows that are known without some columns: which those are is part of the key, so
  /// that a row which is null there is another one.
  void writePrefix(TablePlan plan, Row row, Lacks lacks, ByteSink out) {
    for (var i = 0; i < row.size(); i++) {
      if (lacks.has(i)) {
        var name = plan.schema.columns().get(i).name().getBytes(StandardCharsets.UTF_8);
        update(LACKED);
        update(name.length);
        sha256.update(name);
        continue;
      }
      if (row.isNull(i)) {
        continue;
      }
      var name = plan.schema.columns().get(i).name().getBytes(StandardCharsets.UTF_8);
      update(name.length);
      sha256.update(name);
      update(row.hashed(i) ? -10 : row.length(i));
      if (row.hasText(i)) {
        update(row.length(i));
        sha256.update(row.bytes(), row.offset(i), row.length(i));
      }
    }
    out.put('~').put(sha256.digest(), 0, HASH_BYTES);
  }

  private void update(int value) {
    number[0] = (byte) (value >> 24);
    number[1] = (byte) (value >> 16);
    number[2] = (byte) (value >> 8);
    number[3] = (byte) value;
    sha256.update(number);
  }
}
