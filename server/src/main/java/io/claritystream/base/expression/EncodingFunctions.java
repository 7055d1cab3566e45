package io.claritystream.base.expression;

import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Base64, and the percent signs of addresses. All of them go by UTF-8.
final class EncodingFunctions {

  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final String COMPONENT = LETTERS + "-_.!~*'()";
  private static final String WHOLE = COMPONENT + ";/?:@&=+$,#";

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("base64encode", "<s-:s>", EncodingFunctions::encode),
          Builtin.of("base64decode", "<s-:s>", EncodingFunctions::decode),
          Builtin.of("encodeUrlComponent", "<s-:s>", (g, run) -> percent(g[0], COMPONENT, run)),
          Builtin.of("encodeUrl", "<s-:s>", (g, run) -> percent(g[0], WHOLE, run)),
          Builtin.of(
              "decodeUrlComponent", "<s-:s>", (g, run) -> plain(g[0], "decodeUrlComponent", run)),
          Builtin.of("decodeUrl", "<s-:s>", (g, run) -> plain(g[0], "decodeUrl", run)));

  private EncodingFunctions() {}

  private static @Nullable Object encode(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    pay(text, 6, run);
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static @Nullable Object decode(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    pay(text, 4, run);
    try {
      return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException wrong) {
      throw Stop.value("D3137", "$base64decode was given a string that is not Base64.");
    }
  }

  private static void pay(String text, int factor, Run run) {
    run.steps(text.length() / 16);
    run.use((long) factor * text.length() + 48);
  }

  private static @Nullable Object percent(@Nullable Object given, String plain, Run run) {
    if (given == null) {
      return null;
    }
    String text = (String) given;
    run.steps(text.length() / 4);
    run.use(18L * text.length());
    ByteBuffer bytes;
    try {
      bytes = StandardCharsets.UTF_8.newEncoder().encode(java.nio.CharBuffer.wrap(text));
    } catch (CharacterCodingException half) {
      throw Stop.value("D3140", "The string holds half a character and cannot be encoded.");
    }
    StringBuilder encoded = new StringBuilder();
    while (bytes.hasRemaining()) {
      int b = bytes.get() & 0xFF;
      if (plain.indexOf(b) >= 0) {
        encoded.append((char) b);
      } else {
        encoded
            .append('%')
            .append(Character.toUpperCase(Character.forDigit(b >> 4, 16)))
            .append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
      }
    }
    return encoded.toString();
  }

  private static @Nullable Object plain(@Nullable Object given, String function, Run run) {
    if (given == null) {
      return null;
    }
    String text = (String) given;
    run.steps(text.length() / 4);
    run.use(8L * text.length());
    try {
      String decoded = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
      if (decoded.indexOf('\uFFFD') >= 0 && text.indexOf('\uFFFD') < 0) {
        throw new IllegalArgumentException("not UTF-8");
      }
      return decoded;
    } catch (IllegalArgumentException wrong) {
      throw Stop.value("D3140", "$" + function + " was given a string that is not well encoded.");
    }
  }
}
