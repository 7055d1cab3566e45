package io.claritystream.base.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `?limit=` and `?cursor=` of a list. Controllers take it as an argument.
///
/// @param limit rows wanted, 1 to [#LIMIT_MAX]
public record PageRequest(int limit, @Nullable String cursor) {

  public static final int LIMIT_DEFAULT = 100;
  public static final int LIMIT_MAX = 1_000;

  public PageRequest {
    if (limit < 1 || limit > LIMIT_MAX) {
      throw Problem.invalid("limit", "must be from 1 to " + LIMIT_MAX);
    }
  }

  /// What to ask of the database: one more than is shown.
  public int rows() {
    return limit + 1;
  }

  /// The cursor, if one was sent, as one of `list` with `parts` parts; throws the problem
  /// `invalid_cursor` otherwise.
  public Optional<Cursor> after(String list, int parts) {
    return cursor == null ? Optional.empty() : Optional.of(Cursor.decode(list, parts, cursor));
  }
}
