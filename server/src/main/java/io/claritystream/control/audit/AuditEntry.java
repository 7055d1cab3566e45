package io.claritystream.control.audit;

import io.claritystream.base.db.TenantId;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One act.
///
/// @param tenant whose act it was; null for what concerns the platform alone
/// @param action a noun and a verb, `session.opened`, `agent.revoked`: stable, for filters
/// @param subject what it was done to, if not to the actor
/// @param detail the rest, small; holds no secret
public record AuditEntry(
    @Nullable TenantId tenant,
    Instant at,
    Actor actor,
    String action,
    @Nullable Subject subject,
    Map<String, String> detail,
    @Nullable String remoteAddress) {

  private static final int DETAIL_MAX = 32;

  public AuditEntry {
    if (detail.size() > DETAIL_MAX) {
      throw new IllegalArgumentException("an audit entry of more than " + DETAIL_MAX + " details");
    }
    detail = Map.copyOf(detail);
  }

  /// Who acted.
  ///
  /// @param name as it was then: it stays readable when the person has gone
  public record Actor(Kind kind, @Nullable UUID id, String name) {
    /// The words of the table.
    public enum Kind {
      PERSON,
      AGENT,
      PLATFORM
    }

    public static Actor person(UUID id, String name) {
      return new Actor(Kind.PERSON, id, name);
    }

    public static Actor agent(UUID id, String name) {
      return new Actor(Kind.AGENT, id, name);
    }

    public static Actor platform(String name) {
      return new Actor(Kind.PLATFORM, null, name);
    }
  }

  /// What was acted upon: its kind (`agent`, `source`) and its id.
  public record Subject(String kind, String id) {}

  public static AuditEntry of(@Nullable TenantId tenant, Instant at, Actor actor, String action) {
    return new AuditEntry(tenant, at, actor, action, null, Map.of(), null);
  }

  public AuditEntry on(String kind, Object id) {
    return new AuditEntry(
        tenant, at, actor, action, new Subject(kind, id.toString()), detail, remoteAddress);
  }

  public AuditEntry from(@Nullable String address) {
    return new AuditEntry(tenant, at, actor, action, subject, detail, address);
  }

  public AuditEntry with(String key, String value) {
    Map<String, String> more = new TreeMap<>(detail);
    more.put(key, value);
    return new AuditEntry(tenant, at, actor, action, subject, more, remoteAddress);
  }
}
