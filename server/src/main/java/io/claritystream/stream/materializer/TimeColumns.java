package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.TimeUnit;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the column that says when a reading was taken: rather by its name than by its type,
/// since every row knows when it was inserted as well.
final class TimeColumns {
  /// The likeliest first. The first four are believed of a text, too.
  private static final List<String> READING_TIMES =
      List.of(
          "ts",
          "time",
          "timestamp",
          "measured",
          "measuredat",
          "recordedat",
          "recorded",
          "readingtime",
          "readat",
          "sampledat",
          "sampletime",
          "observedat",
          "eventtime",
          "eventts",
          "datetime",
          "devicetime",
          "readingts",
          "readingat",
          "measurementtime",
          "measuretime",
          "tstamp",
          "t",
          "epoch",
          "epochms",
          "tsms",
          "timestampms",
          "utc",
          "timeutc",
          "tsutc",
          "zeitpunkt",
          "zeitstempel",
          "horodatage",
          "fecha",
          "at",
          "takenat",
          "capturedat",
          "loggedat",
          "logtime",
          "occurredat",
          "date",
          "bucket",
          "minute");

  private static final int TEXT_TIMES = 4;

  private static final Set<String> RECEIVING_TIMES =
      Set.of(
          "createdat",
          "insertedat",
          "updatedat",
          "receivedat",
          "ingestedat",
          "created",
          "inserted",
          "updated",
          "loadedat",
          "processedat",
          "modifiedat",
          "modified");

  /// Names of numbers that count from 1970.
  private static final Set<String> EPOCHS =
      Set.of(
          "ts",
          "timestamp",
          "time",
          "epoch",
          "epochms",
          "epochs",
          "tsms",
          "tsus",
          "tsns",
          "timestampms",
          "timestampus",
          "timems",
          "unixtime",
          "unixts",
          "eventts",
          "eventtime",
          "epochus",
          "epochmillis",
          "unixtimestamp");

  private TimeColumns() {}

  /// The likeliest time of a reading; null where nothing is a time at all.
  static @Nullable Column ofReadings(TableFacts table) {
    Column best = null;
    var bestRank = Integer.MIN_VALUE;
    for (var column : table.columns()) {
      var compact = TableFacts.compact(column.name());
      var position = READING_TIMES.indexOf(compact);
      var text = column.kind() == ValueKind.TEXT && position >= 0 && position < TEXT_TIMES;
      if (!isTime(column) && !isTimeNumber(column) && !text) {
        continue;
      }
      var rank = position >= 0 ? 100 - position : RECEIVING_TIMES.contains(compact) ? 10 : 40;
      rank += column.key() ? 60 : 0;
      rank -= column.kind() == ValueKind.DATE ? 30 : 0;
      rank -= text ? 20 : 0;
      if (rank > bestRank) {
        best = column;
        bestRank = rank;
      }
    }
    return best;
  }

  static boolean saysWhenRead(Column column) {
    return READING_TIMES.contains(TableFacts.compact(column.name()));
  }

  /// Whether it says when the row came into the database, or was last written.
  static boolean saysWhenReceived(Column column) {
    return RECEIVING_TIMES.contains(TableFacts.compact(column.name()));
  }

  static boolean isTime(Column column) {
    return switch (column.kind()) {
      case TIMESTAMP, TIMESTAMPTZ, DATE -> true;
      default -> false;
    };
  }

  /// A number that counts from 1970: known by its name alone.
  static boolean isTimeNumber(Column column) {
    return column.kind().numeric() && EPOCHS.contains(TableFacts.compact(column.name()));
  }

  static TimeUnit unit(Column column) {
    return column.kind().numeric() ? TimeUnit.EPOCH : TimeUnit.TEXT;
  }
}
