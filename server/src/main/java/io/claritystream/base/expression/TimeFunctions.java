package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What tells the time of the evaluation, and reads and writes times.
final class TimeFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("millis", "<:n>", (g, run) -> run.moment().now().toEpochMilli()),
          Builtin.of("now", "<s?s?:s>", TimeFunctions::now),
          Builtin.of("fromMillis", "<n-s?s?:s>", TimeFunctions::fromMillis),
          Builtin.of("toMillis", "<s-s?:n>", TimeFunctions::toMillis));

  private TimeFunctions() {}

  private static Object now(@Nullable Object[] given, Run run) {
    return written(run.moment().now().toEpochMilli(), given[0], given[1], run);
  }

  private static @Nullable Object fromMillis(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Values.isNumber(given[0]);
    return written(Values.real(given[0]), given[1], given[2], run);
  }

  private static Object written(
      double millis, @Nullable Object picture, @Nullable Object zone, Run run) {
    run.steps(32);
    run.useText(2L * Limits.PICTURE_LENGTH);
    DatePicture by =
        picture == null
            ? DateText.ISO
            : run.prepared(NumberFunctions.picture(picture), DatePicture::of);
    return DateText.format(millis, by, (String) zone);
  }

  /// What is worked out of a picture; apart from the pictures of `$fromMillis`.
  private record Reading(String picture) {}

  private static @Nullable Object toMillis(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    run.steps(32);
    if (given[1] == null) {
      return DateReader.iso(text);
    }
    DateReader reader =
        run.prepared(
            new Reading(NumberFunctions.picture(given[1])),
            reading -> {
              run.steps(1_000);
              run.use(8_192);
              return new DateReader(DatePicture.of(reading.picture()));
            });
    return reader.read(text, run.moment().now(), run);
  }
}
