package io.claritystream.maestro.action;

/// A step cannot go on.
public final class StepFailure extends Exception {
  private final transient StepError error;

  public StepFailure(StepError error) {
    super(error.message(), null, false, false);
    this.error = error;
  }

  public StepError error() {
    return error;
  }
}
