package io.claritystream.maestro.action;

/// A text that can be sent as it is. Half of a surrogate pair would be sent as a question mark, and
/// nobody would know; only within JSON it can be written.
final class WholeText {

  /// The text, or the failure of the step that would send it.
  ///
  /// @param what the text is called to people
  static String of(String text, String what) throws StepFailure {
    var half =
        text.codePoints()
            .anyMatch(
                point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    if (half) {
      throw new StepFailure(
          StepError.of(
              "mapping",
              "The "
                  + what
                  + " holds half of a character, which cannot be sent; correct what it is made of."));
    }
    return text;
  }

  private WholeText() {}
}
