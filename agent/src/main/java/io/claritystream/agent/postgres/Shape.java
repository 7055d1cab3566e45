package io.claritystream.agent.postgres;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A table's columns and its file as the catalogue has them. Held against an earlier one it tells
/// whether a table's definition was changed so that its rows are others, which the stream does not
/// tell ([#changeTo(Shape, boolean)]).
///
/// @param file the number of the file that the rows lie in; 0 of a partitioned table. TRUNCATE,
///     VACUUM FULL and whatever writes all rows anew give another one
record Shape(long file, List<Part> columns) {
  /// A column.
  ///
  /// @param number never another column's of that table
  /// @param meaning by which its values are read: a type, all that hold text as one, a domain as
  ///     what it is of
  /// @param sent whether the stream and the reading of the table bring it
  /// @param filled whether rows that were there before it have a value that is in no row
  /// @param expression its default's or generated value's entry in the catalogue; 0 if it has none
  /// @param writtenBy the transaction that wrote what the catalogue says of it
  record Part(
      int number,
      String name,
      long meaning,
      boolean sent,
      boolean filled,
      long expression,
      String writtenBy) {}

  Shape {
    columns = List.copyOf(columns);
  }

  /// Whatever changes no row is none: a column that is empty in all rows, VACUUM FULL, CLUSTER, a
  /// wider varchar, what is required, counted or said of a column. Nor is TRUNCATE, which the
  /// stream tells.
  ///
  /// What leaves the same traces is taken for a change: a rewrite of the file and a change of a
  /// column's entry that were apart, but between two looks.
  ///
  /// @param leavesRewritten whether the files of its partitions are others
  /// @return why rows are others by now than when this was the table's shape; empty if they are not
  String changeTo(Shape now, boolean leavesRewritten) {
    var rewritten = file != now.file || leavesRewritten;
    for (var before : columns) {
      var why = before.sent ? change(before, now.find(before.number), rewritten) : "";
      if (!why.isEmpty()) {
        return why;
      }
    }
    for (var after : now.columns) {
      var before = find(after.number);
      if (after.sent && before == null && (after.filled || rewritten)) {
        return "column " + after.name + " was added with values";
      }
      if (after.sent && before != null && !before.sent) {
        return "column " + after.name + " is generated no more";
      }
    }
    return "";
  }

  private static String change(Part before, @Nullable Part after, boolean rewritten) {
    if (after == null) {
      return "column " + before.name + " was dropped";
    }
    if (!after.name.equals(before.name)) {
      return "column " + before.name + " was renamed to " + after.name;
    }
    if (after.meaning != before.meaning) {
      return "column " + before.name + " has another type";
    }
    // Writing the file anew puts a value that was in no row into the rows, which is written down;
    // a change of the type makes a new entry for the column's default too.
    var putIntoRows =
        before.filled
            && !after.filled
            && before.expression != 0
            && before.expression == after.expression;
    return rewritten && !before.writtenBy.equals(after.writtenBy) && !putIntoRows
        ? "the values of column " + before.name + " were written anew"
        : "";
  }

  private @Nullable Part find(int number) {
    for (var column : columns) {
      if (column.number == number) {
        return column;
      }
    }
    return null;
  }

  /// Without spaces, as [#parse(String)] reads it.
  String text() {
    return file + ";" + columns.stream().map(Shape::text).collect(Collectors.joining(","));
  }

  private static String text(Part column) {
    return String.join(
        ".",
        Integer.toString(column.number),
        Long.toString(column.meaning),
        (column.sent ? "s" : "") + (column.filled ? "f" : ""),
        Long.toString(column.expression),
        column.writtenBy,
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(column.name.getBytes(StandardCharsets.UTF_8)));
  }

  /// @throws IllegalArgumentException if it is none
  static Shape parse(String text) {
    var file = text.indexOf(';');
    if (file < 0) {
      throw new IllegalArgumentException("no shape of a table: " + text);
    }
    var columns = new ArrayList<Part>();
    var rest = text.substring(file + 1);
    for (var column : rest.isEmpty() ? new String[0] : rest.split(",")) {
      var parts = column.split("\\.", -1);
      if (parts.length != 6) {
        throw new IllegalArgumentException("no shape of a table: " + text);
      }
      columns.add(
          new Part(
              Integer.parseInt(parts[0]),
              new String(Base64.getUrlDecoder().decode(parts[5]), StandardCharsets.UTF_8),
              Long.parseLong(parts[1]),
              parts[2].contains("s"),
              parts[2].contains("f"),
              Long.parseLong(parts[3]),
              parts[4]));
    }
    return new Shape(Long.parseLong(text.substring(0, file)), columns);
  }
}
