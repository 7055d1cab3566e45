package io.claritystream.base.http;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A part of a list, and where the next part begins; `nextCursor` is null at the end.
public record Page<T>(List<T> data, @Nullable String nextCursor) {

  public Page {
    data = List.copyOf(data);
  }

  /// From rows that were read with `LIMIT page.limit() + 1`: the one too many tells that there is
  /// more. The cursor is that of the last row shown.
  public static <T> Page<T> of(List<T> rows, PageRequest page, Function<T, Cursor> cursor) {
    if (rows.size() <= page.limit()) {
      return new Page<>(rows, null);
    }
    List<T> shown = rows.subList(0, page.limit());
    return new Page<>(shown, cursor.apply(shown.getLast()).encode());
  }

  /// A list that is whole.
  public static <T> Page<T> whole(List<T> rows) {
    return new Page<>(rows, null);
  }
}
