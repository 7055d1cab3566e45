package io.claritystream.base.db;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/// The unit of isolation. It is the first parameter of whatever touches a tenant's rows.
public record TenantId(@JsonValue UUID value) implements Comparable<TenantId> {

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public TenantId {}

  /// Throws IllegalArgumentException when `text` is not a UUID.
  public static TenantId of(String text) {
    return new TenantId(UUID.fromString(text));
  }

  @Override
  public int compareTo(TenantId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
