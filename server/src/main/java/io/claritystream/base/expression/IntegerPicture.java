package io.claritystream.base.expression;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How a whole number is written: in digits (`#,##0`, `001`), Roman (`I`, `i`), in letters
/// (`A`, `a`) or in words (`w`, `W`, `Ww`), as an ordinal with `;o` behind.
final class IntegerPicture {

  enum Style {
    DIGITS,
    ROMAN,
    LETTERS,
    WORDS
  }

  private static final BigInteger LARGEST_IN_WORDS = BigInteger.TEN.pow(15);
  private static final long LARGEST_ROMAN = 100_000;
  private static final String[] ROMAN = {
    "m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"
  };
  private static final int[] ROMAN_VALUES = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};

  final Style style;
  final boolean upper;
  final boolean title;
  final boolean ordinal;
  final int mandatory;
  final int optional;
  final char zero;
  private final List<Integer> separatorPlaces;
  private final List<Character> separators;
  private final int every;

  private IntegerPicture(
      Style style,
      boolean upper,
      boolean title,
      boolean ordinal,
      int mandatory,
      int optional,
      char zero,
      List<Integer> separatorPlaces,
      List<Character> separators) {
    this.style = style;
    this.upper = upper;
    this.title = title;
    this.ordinal = ordinal;
    this.mandatory = mandatory;
    this.optional = optional;
    this.zero = zero;
    this.separatorPlaces = separatorPlaces;
    this.separators = separators;
    this.every = every(separatorPlaces, separators);
  }

  static IntegerPicture of(String picture) {
    int semicolon = picture.lastIndexOf(';');
    String primary = semicolon < 0 ? picture : picture.substring(0, semicolon);
    boolean ordinal =
        semicolon >= 0 && semicolon + 1 < picture.length() && picture.charAt(semicolon + 1) == 'o';
    return switch (primary) {
      case "A", "a" -> plain(Style.LETTERS, primary.equals("A"), false, ordinal);
      case "I", "i" -> plain(Style.ROMAN, primary.equals("I"), false, ordinal);
      case "w" -> plain(Style.WORDS, false, false, ordinal);
      case "W" -> plain(Style.WORDS, true, false, ordinal);
      case "Ww" -> plain(Style.WORDS, false, true, ordinal);
      default -> digits(primary, ordinal);
    };
  }

  private static IntegerPicture plain(Style style, boolean upper, boolean title, boolean ordinal) {
    return new IntegerPicture(style, upper, title, ordinal, 1, 0, '0', List.of(), List.of());
  }

  private static IntegerPicture digits(String picture, boolean ordinal) {
    int mandatory = 0;
    int optional = 0;
    char zero = 0;
    List<Integer> places = new ArrayList<>();
    List<Character> separators = new ArrayList<>();
    for (int i = picture.length() - 1; i >= 0; i--) {
      char c = picture.charAt(i);
      if (Character.isDigit(c)) {
        char family = (char) (c - Character.digit(c, 10));
        if (zero != 0 && zero != family) {
          throw Stop.value("D3131", "A picture mixes digits of different scripts.");
        }
        zero = family;
        mandatory++;
      } else if (c == '#') {
        optional++;
      } else {
        places.add(mandatory + optional);
        separators.add(c);
      }
    }
    if (mandatory == 0) {
      throw Stop.value(
          "D3130",
          "The picture "
              + Lexer.clip(picture)
              + " has no digit; write for example 0, #,##0, w, I or A.");
    }
    return new IntegerPicture(
        Style.DIGITS, false, false, ordinal, mandatory, optional, zero, places, separators);
  }

  /// After how many digits the same separator comes again and again; 0 where it does not.
  private static int every(List<Integer> places, List<Character> separators) {
    if (places.isEmpty() || separators.stream().distinct().count() > 1) {
      return 0;
    }
    int first = places.getFirst();
    for (int i = 0; i < places.size(); i++) {
      if (places.get(i) != first * (i + 1)) {
        return 0;
      }
    }
    return first;
  }

  boolean hasSeparators() {
    return !separators.isEmpty();
  }

  String format(BigInteger number) {
    return format(number, mandatory);
  }

  String format(BigInteger number, int digitsMin) {
    BigInteger size = number.abs();
    String text =
        switch (style) {
          case DIGITS -> inDigits(size, digitsMin);
          case ROMAN -> inRoman(size);
          case LETTERS -> inLetters(size);
          case WORDS -> inWords(size);
        };
    return number.signum() < 0 ? "-" + text : text;
  }

  private String inDigits(BigInteger size, int digitsMin) {
    String plain = size.toString();
    StringBuilder text =
        new StringBuilder("0".repeat(Math.max(0, digitsMin - plain.length()))).append(plain);
    if (zero != '0') {
      for (int i = 0; i < text.length(); i++) {
        text.setCharAt(i, (char) (text.charAt(i) - '0' + zero));
      }
    }
    int length = text.length();
    if (every > 0) {
      for (int place = every; place < length; place += every) {
        text.insert(length - place, separators.getFirst().charValue());
      }
    } else {
      for (int i = 0; i < separatorPlaces.size(); i++) {
        int place = separatorPlaces.get(i);
        if (place < length) {
          text.insert(length - place, separators.get(i).charValue());
        }
      }
    }
    return ordinal ? text + ending(size) : text.toString();
  }

  private static String ending(BigInteger size) {
    int lastTwo = size.mod(BigInteger.valueOf(100)).intValue();
    return lastTwo / 10 == 1
        ? "th"
        : switch (lastTwo % 10) {
          case 1 -> "st";
          case 2 -> "nd";
          case 3 -> "rd";
          default -> "th";
        };
  }

  private String inRoman(BigInteger size) {
    if (size.compareTo(BigInteger.valueOf(LARGEST_ROMAN)) > 0) {
      throw Stop.tooLarge("A number above " + LARGEST_ROMAN + " is not written in Roman.");
    }
    int rest = size.intValue();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ROMAN.length; i++) {
      while (rest >= ROMAN_VALUES[i]) {
        text.append(ROMAN[i]);
        rest -= ROMAN_VALUES[i];
      }
    }
    return upper ? text.toString().toUpperCase(Locale.ROOT) : text.toString();
  }

  private String inLetters(BigInteger size) {
    BigInteger letters = BigInteger.valueOf(26);
    StringBuilder text = new StringBuilder();
    BigInteger rest = size;
    while (rest.signum() > 0) {
      BigInteger[] parts = rest.subtract(BigInteger.ONE).divideAndRemainder(letters);
      text.append((char) ((upper ? 'A' : 'a') + parts[1].intValue()));
      rest = parts[0];
    }
    return text.reverse().toString();
  }

  private String inWords(BigInteger size) {
    if (size.compareTo(LARGEST_IN_WORDS) >= 0) {
      throw Stop.tooLarge("A number of more than 15 digits is not written in words.");
    }
    String words = NumberWords.of(size.longValue(), ordinal);
    return upper ? words.toUpperCase(Locale.ROOT) : title ? words : words.toLowerCase(Locale.ROOT);
  }

  /// Nothing where the text is no such number.
  @Nullable Long parse(String text) {
    return switch (style) {
      case DIGITS -> digitsOf(text);
      case ROMAN -> romanOf(text.toLowerCase(Locale.ROOT));
      case LETTERS -> lettersOf(text.toLowerCase(Locale.ROOT));
      case WORDS -> NumberWords.parse(text.toLowerCase(Locale.ROOT));
    };
  }

  /// The digits of a text as 0 to 9, without what else is between and behind them.
  String plainDigits(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - zero;
      if (digit >= 0 && digit <= 9) {
        plain.append(digit);
      }
    }
    return plain.toString();
  }

  private @Nullable Long digitsOf(String text) {
    String digits = ordinal && text.length() > 2 ? text.substring(0, text.length() - 2) : text;
    long value = 0;
    boolean any = false;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      int digit = c - zero;
      if (digit >= 0 && digit <= 9) {
        if (value > Values.EXACT / 10) {
          throw Stop.tooLarge("What is read as a whole number is out of range.");
        }
        value = value * 10 + digit;
        any = true;
      } else if (!separators.contains(c) && !(i == 0 && c == '-')) {
        return null;
      }
    }
    return any ? (digits.startsWith("-") ? -value : value) : null;
  }

  private static @Nullable Long romanOf(String text) {
    long value = 0;
    int largest = 1;
    for (int i = text.length() - 1; i >= 0; i--) {
      int digit =
          switch (text.charAt(i)) {
            case 'm' -> 1000;
            case 'd' -> 500;
            case 'c' -> 100;
            case 'l' -> 50;
            case 'x' -> 10;
            case 'v' -> 5;
            case 'i' -> 1;
            default -> 0;
          };
      if (digit == 0) {
        return null;
      }
      value += digit < largest ? -digit : digit;
      largest = Math.max(largest, digit);
    }
    return value;
  }

  private static @Nullable Long lettersOf(String text) {
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int letter = text.charAt(i) - 'a' + 1;
      if (letter < 1 || letter > 26 || value > Values.EXACT / 26) {
        return null;
      }
      value = value * 26 + letter;
    }
    return value;
  }

  List<Character> separators() {
    return Collections.unmodifiableList(separators);
  }
}
