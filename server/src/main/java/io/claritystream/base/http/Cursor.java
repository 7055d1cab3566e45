package io.claritystream.base.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/// Where a page ended: the values of the list's order in its last row. To clients it is opaque. It
/// carries no right: the tenant comes from the caller, so a forged cursor only starts somewhere
/// else in the caller's own list.
///
/// Encoded as base64url of `list`, then each part, parted by U+001F.
///
/// @param list names the list it belongs to, so that one list's cursor is refused by another
public record Cursor(String list, List<String> parts) {

  private static final String SEPARATOR = "\u001f";
  private static final int LENGTH_MAX = 2_048;

  public Cursor {
    parts = List.copyOf(parts);
    for (String part : parts) {
      if (part.contains(SEPARATOR)) {
        throw new IllegalArgumentException("a cursor part holds its separator, list " + list);
      }
    }
  }

  /// Parts are kept by their `toString`.
  public static Cursor of(String list, Object... parts) {
    List<String> texts = new ArrayList<>(parts.length);
    for (Object part : parts) {
      texts.add(part.toString());
    }
    return new Cursor(list, texts);
  }

  public String encode() {
    List<String> all = new ArrayList<>(parts.size() + 1);
    all.add(list);
    all.addAll(parts);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(String.join(SEPARATOR, all).getBytes(StandardCharsets.UTF_8));
  }

  /// Throws the problem `invalid_cursor` for anything that [#encode] of this list did not make.
  public static Cursor decode(String list, int parts, String encoded) {
    if (encoded.length() > LENGTH_MAX) {
      throw invalid("It is too long.");
    }
    String text;
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(encoded);
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException | CharacterCodingException notOurs) {
      throw invalid("It is not one that this API gave.");
    }
    if (text.indexOf('\0') >= 0) {
      throw invalid("It is not one that this API gave.");
    }
    List<String> all = List.of(text.split(SEPARATOR, -1));
    if (all.size() != parts + 1 || !all.getFirst().equals(list)) {
      throw invalid("It belongs to another list.");
    }
    return new Cursor(list, all.subList(1, all.size()));
  }

  public String text(int part) {
    return parts.get(part);
  }

  public UUID uuid(int part) {
    try {
      return UUID.fromString(text(part));
    } catch (IllegalArgumentException notOurs) {
      throw invalid("It is not one that this API gave.");
    }
  }

  public long number(int part) {
    try {
      return Long.parseLong(text(part));
    } catch (NumberFormatException notOurs) {
      throw invalid("It is not one that this API gave.");
    }
  }

  public Instant instant(int part) {
    return ApiTime.parse(text(part))
        .orElseThrow(() -> invalid("It is not one that this API gave."));
  }

  private static Problem invalid(String detail) {
    return Problem.of(ProblemCode.INVALID_CURSOR, detail);
  }
}
