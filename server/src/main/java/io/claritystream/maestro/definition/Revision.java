package io.claritystream.maestro.definition;

import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import org.jspecify.annotations.Nullable;

/// What the ETag of a workflow names: it rises with every change.
final class Revision {

  static String etag(int revision) {
    return "\"" + revision + "\"";
  }

  /// Throws the problem `precondition_failed` if a client read another one than there is.
  ///
  /// @param ifMatch null if the client did not say; it is held to nothing then
  static void check(@Nullable String ifMatch, int revision) {
    if (ifMatch == null) {
      return;
    }
    for (String tag : ifMatch.split(",", 32)) {
      if (tag.strip().equals("*") || tag.strip().equals(etag(revision))) {
        return;
      }
    }
    throw Problem.of(
        ProblemCode.PRECONDITION_FAILED,
        "The workflow is at " + etag(revision) + " now, and If-Match is " + shown(ifMatch) + ".");
  }

  /// The same, and the client must say.
  static void require(@Nullable String ifMatch, int revision) {
    if (ifMatch == null) {
      throw Problem.of(
          ProblemCode.PRECONDITION_REQUIRED,
          "Without If-Match one person's changes would replace another's unseen.");
    }
    check(ifMatch, revision);
  }

  private static String shown(String ifMatch) {
    return ifMatch.length() <= 64 ? ifMatch : ifMatch.substring(0, 64) + "…";
  }

  private Revision() {}
}
