package io.claritystream.base.expression;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The names of months and days, from January and from Monday on.
final class DateNames {

  static final List<String> MONTHS =
      List.of(
          "January",
          "February",
          "March",
          "April",
          "May",
          "June",
          "July",
          "August",
          "September",
          "October",
          "November",
          "December");
  static final List<String> DAYS =
      List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");

  private DateNames() {}

  static String written(String name, DatePicture.Part part) {
    String cased =
        switch (part.names()) {
          case LOWER -> name.toLowerCase(Locale.ROOT);
          case UPPER -> name.toUpperCase(Locale.ROOT);
          case TITLE -> name;
          case null -> name;
        };
    return part.widthMax() > 0 && cased.length() > part.widthMax()
        ? cased.substring(0, part.widthMax())
        : cased;
  }

  /// Counted from 1; nothing where there is none of that name.
  static @Nullable Long find(List<String> names, String text, int width) {
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      String shown = width > 0 && name.length() > width ? name.substring(0, width) : name;
      if (shown.equalsIgnoreCase(text)) {
        return (long) i + 1;
      }
    }
    return null;
  }
}
