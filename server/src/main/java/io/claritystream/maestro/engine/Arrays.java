package io.claritystream.maestro.engine;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/// Binds columns of rows to a statement's parameters, one array after the other.
final class Arrays {
  private final Connection connection;
  private final PreparedStatement statement;
  private int bound;

  Arrays(Connection connection, PreparedStatement statement) {
    this.connection = connection;
    this.statement = statement;
  }

  Arrays number(int value) throws SQLException {
    statement.setInt(++bound, value);
    return this;
  }

  Arrays object(Object value) throws SQLException {
    statement.setObject(++bound, value);
    return this;
  }

  Arrays bytes(byte[] value) throws SQLException {
    statement.setBytes(++bound, value);
    return this;
  }

  <T> Arrays uuids(List<? extends T> rows, Function<T, @Nullable UUID> column) throws SQLException {
    var text = new StringBuilder(rows.size() * 37 + 2).append('{');
    for (var i = 0; i < rows.size(); i++) {
      if (i > 0) {
        text.append(',');
      }
      text.append(column.apply(rows.get(i)));
    }
    statement.setString(++bound, text.append('}').toString());
    return this;
  }

  <T> Arrays texts(List<? extends T> rows, Function<T, @Nullable String> column)
      throws SQLException {
    var values = new String[rows.size()];
    for (var i = 0; i < values.length; i++) {
      values[i] = column.apply(rows.get(i));
    }
    statement.setArray(++bound, connection.createArrayOf("text", values));
    return this;
  }

  <T> Arrays ints(List<? extends T> rows, ToIntFunction<T> column) throws SQLException {
    var values = new int[rows.size()];
    for (var i = 0; i < values.length; i++) {
      values[i] = column.applyAsInt(rows.get(i));
    }
    statement.setArray(++bound, array("int4", values));
    return this;
  }

  <T> Arrays longs(List<? extends T> rows, ToLongFunction<T> column) throws SQLException {
    var values = new long[rows.size()];
    for (var i = 0; i < values.length; i++) {
      values[i] = column.applyAsLong(rows.get(i));
    }
    statement.setArray(++bound, array("int8", values));
    return this;
  }

  <T> Arrays booleans(List<? extends T> rows, Predicate<T> column) throws SQLException {
    var values = new boolean[rows.size()];
    for (var i = 0; i < values.length; i++) {
      values[i] = column.test(rows.get(i));
    }
    statement.setArray(++bound, array("bool", values));
    return this;
  }

  /// Of primitive elements, which go over the wire as they are.
  private Array array(String type, Object values) throws SQLException {
    return connection.unwrap(PGConnection.class).createArrayOf(type, values);
  }
}
