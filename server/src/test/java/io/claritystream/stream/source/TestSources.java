package io.claritystream.stream.source;

import io.claritystream.base.db.TestDatabase;

/// The sources of a test's database.
public final class TestSources {
  private TestSources() {}

  public static Sources of(TestDatabase database) {
    return new Sources(database.as("service"));
  }
}
