package io.claritystream.maestro.action;

import io.claritystream.protocol.text.WholeText;

/// A text that can be sent as it is. Half of a character would be sent as a question mark, and
/// nobody would know; only within JSON it can be written.
final class Sendable {

  /// The text, or the failure of the step that would send it.
  ///
  /// @param what the text is called to people
  static String of(String text, String what) throws StepFailure {
    if (!WholeText.is(text)) {
      throw new StepFailure(
          StepError.of(
              "mapping",
              "The "
                  + what
                  + " holds half of a character, which cannot be sent; correct what it is made of."));
    }
    return text;
  }

  private Sendable() {}
}
