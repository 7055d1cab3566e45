package io.claritystream.base.http;

import static io.claritystream.base.http.Permission.CONNECTIONS_READ;
import static io.claritystream.base.http.Permission.CONNECTIONS_WRITE;
import static io.claritystream.base.http.Permission.DEAD_LETTERS_READ;
import static io.claritystream.base.http.Permission.DEVICES_READ;
import static io.claritystream.base.http.Permission.EVENTS_READ;
import static io.claritystream.base.http.Permission.EXECUTIONS_READ;
import static io.claritystream.base.http.Permission.EXECUTIONS_WRITE;
import static io.claritystream.base.http.Permission.EXTRAS_READ;
import static io.claritystream.base.http.Permission.MEMBERS_READ;
import static io.claritystream.base.http.Permission.METRICS_READ;
import static io.claritystream.base.http.Permission.OVERVIEW_READ;
import static io.claritystream.base.http.Permission.PINS_WRITE;
import static io.claritystream.base.http.Permission.SOURCES_READ;
import static io.claritystream.base.http.Permission.WORKFLOWS_READ;
import static io.claritystream.base.http.Permission.WORKFLOWS_WRITE;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/// What a person is in a tenant, and the one matrix of what that permits: it drives the API, the
/// web app (through `/v1/me`) and the test that walks every route.
///
/// | | owner | admin | member | operator | viewer |
/// |---|---|---|---|---|---|
/// | read dashboards, devices, metrics, extras; pin | x | x | x | x | x |
/// | read sources and members | x | x | x | x | x |
/// | read workflows and executions | x | x | x | x | x |
/// | start, cancel and repeat executions | x | x | x | x | |
/// | read connections, never their secrets | x | x | x | x | |
/// | build workflows, set up connections | x | x | x | | |
/// | read raw events and dead letters | x | x | x | x | |
/// | change sources and mapping, pair and revoke agents | x | x | | | |
/// | read the audit log | x | x | | | |
/// | change members and the workspace | x | x | | | |
public enum Role {
  OWNER(EnumSet.allOf(Permission.class)),
  ADMIN(EnumSet.allOf(Permission.class)),
  MEMBER(
      EnumSet.of(
          OVERVIEW_READ,
          DEVICES_READ,
          METRICS_READ,
          EXTRAS_READ,
          PINS_WRITE,
          SOURCES_READ,
          MEMBERS_READ,
          EVENTS_READ,
          DEAD_LETTERS_READ,
          CONNECTIONS_READ,
          CONNECTIONS_WRITE,
          WORKFLOWS_READ,
          WORKFLOWS_WRITE,
          EXECUTIONS_READ,
          EXECUTIONS_WRITE)),
  OPERATOR(
      EnumSet.of(
          OVERVIEW_READ,
          DEVICES_READ,
          METRICS_READ,
          EXTRAS_READ,
          PINS_WRITE,
          SOURCES_READ,
          MEMBERS_READ,
          EVENTS_READ,
          DEAD_LETTERS_READ,
          CONNECTIONS_READ,
          WORKFLOWS_READ,
          EXECUTIONS_READ,
          EXECUTIONS_WRITE)),
  VIEWER(
      EnumSet.of(
          OVERVIEW_READ,
          DEVICES_READ,
          METRICS_READ,
          EXTRAS_READ,
          PINS_WRITE,
          SOURCES_READ,
          MEMBERS_READ,
          WORKFLOWS_READ,
          EXECUTIONS_READ));

  private final Set<Permission> permissions;

  Role(EnumSet<Permission> permissions) {
    this.permissions = Collections.unmodifiableSet(permissions);
  }

  /// The one of the two that stands above the other: they are listed from the top.
  public static Role higher(Role one, Role other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  public Set<Permission> permissions() {
    return permissions;
  }

  public boolean permits(Permission permission) {
    return permissions.contains(permission);
  }

  /// As it stands in the database, in tokens and in the API.
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Throws IllegalArgumentException for a word that is no role.
  @JsonCreator
  public static Role of(String key) {
    for (Role role : values()) {
      if (role.key().equals(key)) {
        return role;
      }
    }
    throw new IllegalArgumentException("no role " + key);
  }
}
