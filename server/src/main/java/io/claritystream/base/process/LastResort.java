package io.claritystream.base.process;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a loop that goes on whatever comes does before it goes on.
///
/// An exception is of one item or of what is away for a while, and so is a stack that was too small
/// for an item. Any other [Error] says that the process is not what it was: memory is used up, code
/// is missing. A loop that says so once and goes on would keep the process alive, its lease with
/// it, and nothing would be done. Ended at once, it is started anew by its supervisor, and others
/// take over meanwhile.
public final class LastResort {

  /// With which the process ends.
  public static final int STATUS = 70;

  private static final Logger log = LoggerFactory.getLogger(LastResort.class);

  private LastResort() {}

  /// Does not return if the process cannot go on after the failure.
  public static void endUnlessPassing(Throwable failure) {
    if (!(failure instanceof Error) || failure instanceof StackOverflowError) {
      return;
    }
    try {
      log.error("the process cannot go on and ends: thread={}", name(), failure);
    } finally {
      // Nothing is closed in order: what is left may not be able to.
      Runtime.getRuntime().halt(STATUS);
    }
  }

  private static String name() {
    return Thread.currentThread().getName();
  }
}
