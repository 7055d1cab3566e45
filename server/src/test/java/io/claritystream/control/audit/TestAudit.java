package io.claritystream.control.audit;

import tools.jackson.databind.json.JsonMapper;

/// The audit log for tests that build what writes to it by themselves.
public final class TestAudit {
  private TestAudit() {}

  public static AuditLog log() {
    return new AuditLog(new JsonMapper());
  }
}
