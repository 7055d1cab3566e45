package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;

/// How many sources of a tenant, without removed ones, are in which state, by the rule that their
/// own pages show them by.
public final class SourceStates {
  /// A tenant has far fewer; what is beyond is not counted.
  private static final int SOURCES_MAX = 2_000;

  private final SourceViews views;

  SourceStates(SourceViews views) {
    this.views = views;
  }

  /// Sources by state, in a transaction of the tenant.
  public Map<String, Integer> count(JdbcClient sql, TenantId tenant) {
    return views.list(sql, tenant, false, null, SOURCES_MAX).stream()
        .collect(Collectors.toMap(SourceViews.Source::state, source -> 1, Integer::sum));
  }
}
