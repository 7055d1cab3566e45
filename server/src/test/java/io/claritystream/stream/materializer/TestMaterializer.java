package io.claritystream.stream.materializer;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.stream.deadletter.DeadLetters;
import io.github.bucket4j.TimeMeter;
import java.sql.SQLException;

/// The materializer over a test's database.
public final class TestMaterializer {
  private TestMaterializer() {}

  public static Materializer of(TestDatabase database, SourceTables tables) {
    return new Materializer(database.dataSource("service"), tables);
  }

  /// @param keyedAnewMax how many rows are too many to be keyed anew while others wait
  public static Materializer of(TestDatabase database, SourceTables tables, int keyedAnewMax) {
    return new Materializer(database.dataSource("service"), tables, keyedAnewMax);
  }

  public static Models models(TestDatabase database) {
    return new Models(database.dataSource("service"));
  }

  public static ModelCleaner cleaner(TestDatabase database) {
    return new ModelCleaner(database.dataSource("service"), new DeadLetters());
  }

  /// Deletes a portion of what is retired; false if there was none.
  public static boolean portion(ModelCleaner cleaner) throws SQLException {
    return cleaner.portion();
  }

  public static SourceTables tables(TestDatabase database) {
    return new SourceTables(
        database.dataSource("service"), new SchemaAllowance(TimeMeter.SYSTEM_NANOTIME));
  }
}
