package io.claritystream.stream.source;

import io.claritystream.base.crypto.PlatformKeys;
import java.time.Clock;

/// The platform's authority at another time.
public final class TestAuthority {
  private TestAuthority() {}

  public static PlatformAuthority open(PlatformKeys keys, Clock clock) {
    return PlatformAuthority.open(keys, clock);
  }
}
