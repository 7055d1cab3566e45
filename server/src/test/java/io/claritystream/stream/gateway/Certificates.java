package io.claritystream.stream.gateway;

import io.claritystream.TestServer;
import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.stream.source.IssuedCertificate;
import io.claritystream.stream.source.TestAuthority;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;

/// Certificates of the platform's own authority that it would not issue.
final class Certificates {
  private Certificates() {}

  /// Over since an hour.
  static IssuedCertificate expired(TestServer server, PeerIdentity.Agent agent, PublicKey key) {
    Clock yesterday = Clock.offset(Clock.systemUTC(), Duration.ofHours(-25));
    return TestAuthority.open(server.bean(PlatformKeys.class), yesterday).issueAgent(agent, key);
  }
}
