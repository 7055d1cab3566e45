package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.protocol.block.CorruptBlockException;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.TableSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;

/// The file of a source's tables. Every change is put behind the ones before, so that ten thousand
/// tables are not written anew for one; what has been overtaken is left out once it is the larger
/// part.
///
/// A line is a table as it is from then on, or the number of one that is no more. The line that
/// ends a change has the checksum of its lines: a change is there as a whole or not at all. Only
/// the last one can be torn.
///
/// What stands behind ROWS came with later versions: of a table that an earlier one wrote down, it
/// is not known.
///
/// ```
/// table OID NAMESPACE NAME STAND SCHEMA LEAVES CUT SEQ ROWS SHAPE WHY ENTRY
/// without OID
/// end CRC32
/// ```
final class TableJournal {
  /// So much of what has been overtaken is left in any file, however few tables there are.
  private static final int OVERTAKEN_MAX = 1_000;

  private static final String NONE = "-";

  /// Of a table's line.
  private static final int PARTS = 13;

  private static final int PARTS_AT_FIRST = 10;

  private final Path file;
  private final boolean found;
  private final Map<Long, CapturedTable> read = new TreeMap<>();
  private long end;
  private long lines;

  /// @throws IOException if the file is there and not what we wrote
  TableJournal(Path file) throws IOException {
    this.file = file;
    found = Files.exists(file);
    if (found) {
      read();
    }
  }

  /// Whether the file was there.
  boolean found() {
    return found;
  }

  /// What it held when it was opened.
  Map<Long, CapturedTable> tables() {
    return read;
  }

  private void read() throws IOException {
    var size = Files.size(file);
    var change = new ArrayList<String>();
    var at = 0L;
    var torn = false;
    try (var in = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
      for (var line = in.readLine(); line != null; line = in.readLine()) {
        at += line.length() + 1;
        if (torn) {
          throw new IOException(file + " is not as the agent wrote it, before its end");
        }
        if (!line.startsWith("end ")) {
          change.add(line);
          continue;
        }
        torn = at > size || !line.equals(ending(change));
        if (!torn) {
          for (var part : change) {
            take(part);
          }
          lines += change.size();
          end = at;
        }
        change.clear();
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException | CorruptBlockException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
  }

  private void take(String line) throws CorruptBlockException {
    var parts = line.split(" ", -1);
    if (parts[0].equals("table") && parts.length >= PARTS_AT_FIRST && parts.length < PARTS) {
      var known = parts.length;
      parts = Arrays.copyOf(parts, PARTS);
      Arrays.fill(parts, known, PARTS, NONE);
    }
    var oid = Long.parseLong(parts[1]);
    if (parts[0].equals("without")) {
      read.remove(oid);
      return;
    }
    read.put(
        oid,
        new CapturedTable(
            oid,
            new TableName(text(parts[2]), text(parts[3])),
            Stand.valueOf(parts[4].toUpperCase(Locale.ROOT)),
            parts[5].equals(NONE) ? null : TableSchema.decode(Base64.getDecoder().decode(parts[5])),
            parts[6].equals(NONE) ? "" : parts[6],
            parts[10].equals(NONE) ? "" : Shape.parse(parts[10]).text(),
            parts[12].equals(NONE) ? CapturedTable.NOT_KNOWN : Long.parseLong(parts[12]),
            parts[7].equals(NONE)
                ? null
                : new Cut(
                    parts[9].equals(NONE) ? null : Visible.parse(parts[9]),
                    Lsn.parse(parts[7]),
                    Long.parseLong(parts[8])),
            parts[11].equals(NONE) ? "" : text(parts[11])));
  }

  /// When this returns, the tables are on disk as they are now; when it throws, as they were
  /// before, or the attempt is overwritten by the next.
  void write(Map<Long, CapturedTable> before, Map<Long, CapturedTable> now) throws IOException {
    var change = new ArrayList<String>();
    for (var oid : before.keySet()) {
      if (!now.containsKey(oid)) {
        change.add("without " + oid);
      }
    }
    for (var table : now.values()) {
      if (!table.equals(before.get(table.oid()))) {
        change.add(line(table));
      }
    }
    if (end == 0 || lines + change.size() > 2L * now.size() + OVERTAKEN_MAX) {
      var all = now.values().stream().map(TableJournal::line).toList();
      var text = text(all);
      PrivateFile.write(file, text);
      end = text.length();
      lines = all.size();
    } else {
      var text = text(change);
      PrivateFile.append(file, end, text);
      end += text.length();
      lines += change.size();
    }
  }

  private static String line(CapturedTable table) {
    var schema = table.schema();
    var cut = table.cut();
    var rows = cut == null ? null : cut.rows();
    return String.join(
        " ",
        "table",
        Long.toString(table.oid()),
        base64(table.name().namespace().getBytes(StandardCharsets.UTF_8)),
        base64(table.name().name().getBytes(StandardCharsets.UTF_8)),
        table.stand().name().toLowerCase(Locale.ROOT),
        schema == null ? NONE : base64(schema.encode()),
        table.leaves().isEmpty() ? NONE : table.leaves(),
        cut == null ? NONE : Lsn.text(cut.position()),
        cut == null ? NONE : Long.toString(cut.seq()),
        rows == null ? NONE : rows.text(),
        table.shape().isEmpty() ? NONE : table.shape(),
        table.why().isEmpty() ? NONE : base64(table.why().getBytes(StandardCharsets.UTF_8)),
        Long.toString(table.entry()));
  }

  private static String text(List<String> change) {
    return String.join("\n", change) + (change.isEmpty() ? "" : "\n") + ending(change) + "\n";
  }

  private static String ending(List<String> change) {
    var sum = new CRC32();
    for (var line : change) {
      sum.update((line + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    return "end " + Long.toHexString(sum.getValue());
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String text(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
