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
    return written(NumberFunctions.real(given[0]), given[1], given[2], run);
  }

  private static Object written(
      double millis, @Nullable Object picture, @Nullable Object zone, Run run) {
    run.steps(32);
    run.useText(2L * Limits.PICTURE_LENGTH);
    DatePicture by =
        picture == null
            ? DateText.ISO
            : run.prepared(DatePicture.class, NumberFunctions.picture(picture), DatePicture::of);
    return DateText.format(millis, by, (String) zone);
  }

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
            DateReader.class,
            NumberFunctions.picture(given[1]),
            picture -> {
              run.steps(1_000);
              if (picture.chars().anyMatch(c -> RegexSize.isEndless(c, c))) {
                throw RegexSize.endless();
              }
              run.use(8_192);
              return new DateReader(DatePicture.of(picture));
            });
    return reader.read(text, run.moment().now(), run);
  }
}
