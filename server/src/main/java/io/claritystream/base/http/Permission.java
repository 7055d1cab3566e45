package io.claritystream.base.http;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What a role may permit. The words are the API's.
public enum Permission {
  OVERVIEW_READ,
  EVENTS_READ,
  DEVICES_READ,
  METRICS_READ,
  EXTRAS_READ,
  DEAD_LETTERS_READ,
  SOURCES_READ,
  SOURCES_WRITE,
  AGENTS_PAIR,
  AGENTS_REVOKE,
  MAPPING_WRITE,
  PINS_WRITE,
  WORKFLOWS_READ,
  WORKFLOWS_WRITE,
  EXECUTIONS_READ,
  EXECUTIONS_WRITE,
  CONNECTIONS_READ,
  CONNECTIONS_WRITE,
  MEMBERS_READ,
  MEMBERS_WRITE,
  WORKSPACE_WRITE,
  AUDIT_READ;

  /// `dead_letters.read`: the last underscore parts the noun from the act.
  @JsonValue
  public String key() {
    String name = name().toLowerCase(Locale.ROOT);
    int last = name.lastIndexOf('_');
    return name.substring(0, last) + "." + name.substring(last + 1);
  }
}
