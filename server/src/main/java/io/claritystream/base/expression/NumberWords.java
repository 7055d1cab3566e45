package io.claritystream.base.expression;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Whole numbers in English words.
final class NumberWords {

  private static final List<String> FEW =
      List.of(
          "Zero",
          "One",
          "Two",
          "Three",
          "Four",
          "Five",
          "Six",
          "Seven",
          "Eight",
          "Nine",
          "Ten",
          "Eleven",
          "Twelve",
          "Thirteen",
          "Fourteen",
          "Fifteen",
          "Sixteen",
          "Seventeen",
          "Eighteen",
          "Nineteen");
  private static final List<String> FEW_ORDINAL =
      List.of(
          "Zeroth",
          "First",
          "Second",
          "Third",
          "Fourth",
          "Fifth",
          "Sixth",
          "Seventh",
          "Eighth",
          "Ninth",
          "Tenth",
          "Eleventh",
          "Twelfth",
          "Thirteenth",
          "Fourteenth",
          "Fifteenth",
          "Sixteenth",
          "Seventeenth",
          "Eighteenth",
          "Nineteenth");
  private static final List<String> TENS =
      List.of("Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety");
  private static final List<String> THOUSANDS =
      List.of("Thousand", "Million", "Billion", "Trillion");
  private static final Map<String, Long> VALUES = values();

  private NumberWords() {}

  private static Map<String, Long> values() {
    Map<String, Long> values = new HashMap<>();
    for (int i = 0; i < FEW.size(); i++) {
      values.put(FEW.get(i).toLowerCase(Locale.ROOT), (long) i);
      values.put(FEW_ORDINAL.get(i).toLowerCase(Locale.ROOT), (long) i);
    }
    for (int i = 0; i < TENS.size(); i++) {
      String word = TENS.get(i).toLowerCase(Locale.ROOT);
      values.put(word, (i + 2) * 10L);
      values.put(word.substring(0, word.length() - 1) + "ieth", (i + 2) * 10L);
    }
    values.put("hundred", 100L);
    values.put("hundredth", 100L);
    long value = 1000;
    for (String word : THOUSANDS) {
      values.put(word.toLowerCase(Locale.ROOT), value);
      values.put(word.toLowerCase(Locale.ROOT) + "th", value);
      value *= 1000;
    }
    return Map.copyOf(values);
  }

  static String of(long number, boolean ordinal) {
    return of(number, false, ordinal);
  }

  /// @param after whether something larger came before
  private static String of(long number, boolean after, boolean ordinal) {
    if (number < 20) {
      return (after ? " and " : "") + (ordinal ? FEW_ORDINAL : FEW).get((int) number);
    }
    if (number < 100) {
      String tens = (after ? " and " : "") + TENS.get((int) number / 10 - 2);
      if (number % 10 > 0) {
        return tens + "-" + of(number % 10, false, ordinal);
      }
      return ordinal ? tens.substring(0, tens.length() - 1) + "ieth" : tens;
    }
    if (number < 1000) {
      return joined(
          (after ? ", " : "") + of(number / 100, false, false) + " Hundred", number % 100, ordinal);
    }
    long factor = 1000;
    int name = 0;
    while (number / factor >= 1000 && name < THOUSANDS.size() - 1) {
      factor *= 1000;
      name++;
    }
    return joined(
        (after ? ", " : "") + of(number / factor, false, false) + " " + THOUSANDS.get(name),
        number % factor,
        ordinal);
  }

  private static String joined(String words, long rest, boolean ordinal) {
    return rest > 0 ? words + of(rest, true, ordinal) : ordinal ? words + "th" : words;
  }

  /// Of words in lower case; nothing where one of them is no number.
  static @Nullable Long parse(String text) {
    Deque<Long> parts = new ArrayDeque<>();
    parts.push(0L);
    boolean any = false;
    for (String word : text.split("[, \\-]+")) {
      if (word.equals("and") || word.isEmpty()) {
        continue;
      }
      Long value = VALUES.get(word);
      if (value == null) {
        return null;
      }
      any = true;
      if (value < 100) {
        long top = parts.pop();
        if (top >= 1000) {
          parts.push(top);
          top = 0;
        }
        parts.push(top + value);
      } else {
        long factor = parts.pop();
        if (factor > Values.EXACT / value) {
          throw Stop.tooLarge("What is read as a whole number is out of range.");
        }
        parts.push(factor * value);
      }
    }
    return any ? parts.stream().mapToLong(Long::longValue).sum() : null;
  }
}
