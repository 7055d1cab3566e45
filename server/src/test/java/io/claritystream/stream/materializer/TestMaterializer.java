package io.claritystream.stream.materializer;

import io.claritystream.base.db.TestDatabase;

/// The materializer over a test's database.
public final class TestMaterializer {
  private TestMaterializer() {}

  public static Materializer of(TestDatabase database) {
    return new Materializer();
  }

  public static SourceTables tables(TestDatabase database) {
    return new SourceTables();
  }
}
