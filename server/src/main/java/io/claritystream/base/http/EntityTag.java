package io.claritystream.base.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// The state of one resource, as `ETag` names it and `If-Match` wants it: so that who edits what
/// another has edited since does not undo it unseen. A GET that is answered with it is answered 304
/// if `If-None-Match` names it.
///
/// @param value in its quotes
public record EntityTag(String value) {
  private static final int TAGS_MAX = 32;
  private static final int SHOWN_MAX = 64;
  private static final int HASH_BYTES = 12;

  /// Of a resource that counts its changes.
  public static EntityTag of(long revision) {
    return new EntityTag("\"" + revision + "\"");
  }

  /// Of a resource that does not: of all that can be changed of it.
  public static EntityTag ofContent(@Nullable Object... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Object part : parts) {
        byte[] bytes = String.valueOf(part).getBytes(StandardCharsets.UTF_8);
        // With its length, so that no two lists of parts read the same; null is told from "null".
        digest.update((byte) (part == null ? 0 : 1));
        digest.update(Integer.toString(bytes.length).getBytes(StandardCharsets.UTF_8));
        digest.update((byte) ':');
        digest.update(bytes);
      }
      byte[] hash = java.util.Arrays.copyOf(digest.digest(), HASH_BYTES);
      return new EntityTag(
          "\"" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash) + "\"");
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
  }

  /// Throws the problem `precondition_failed` if a client read another state than there is.
  ///
  /// @param ifMatch null if the client did not say; it is held to nothing then
  /// @param what the resource is, as a sentence names it
  public void check(@Nullable String ifMatch, String what) {
    if (ifMatch == null) {
      return;
    }
    for (String tag : ifMatch.split(",", TAGS_MAX)) {
      if (tag.strip().equals("*") || tag.strip().equals(value)) {
        return;
      }
    }
    throw Problem.of(
        ProblemCode.PRECONDITION_FAILED,
        "The " + what + " is at " + value + " now, and If-Match is " + shown(ifMatch) + ".");
  }

  /// The same, and the client must say.
  public void require(@Nullable String ifMatch, String what) {
    if (ifMatch == null) {
      throw Problem.of(
          ProblemCode.PRECONDITION_REQUIRED,
          "Without If-Match one person's changes would replace another's unseen.");
    }
    check(ifMatch, what);
  }

  private static String shown(String ifMatch) {
    return ifMatch.length() <= SHOWN_MAX ? ifMatch : ifMatch.substring(0, SHOWN_MAX) + "…";
  }

  @Override
  public String toString() {
    return value;
  }
}
