package io.claritystream.base.idempotency;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What became of a request's wish for its key.
sealed interface Claimed {

  /// It is to be carried out.
  record Ours(Claim claim) implements Claimed {}

  /// It has been: this was the answer.
  record Done(Kept answer) implements Claimed {}

  /// It is at this moment.
  record Running() implements Claimed {}

  /// The key stands for another request.
  record Other(String route) implements Claimed {}

  /// An answer.
  ///
  /// @param headers names and values by turns
  /// @param body null if it was too large to be kept
  record Kept(int status, List<String> headers, byte @Nullable [] body) {}
}
