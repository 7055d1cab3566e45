package io.claritystream;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/// Awaitility looks after a tenth of a second first, which most of what is waited for does not
/// take, and tests wait for thousands of things. `META-INF/services` names this.
public final class WaitClosely implements LauncherSessionListener {
  @Override
  public void launcherSessionOpened(LauncherSession session) {
    Awaitility.setDefaultPollInterval(Duration.ofMillis(20));
  }
}
