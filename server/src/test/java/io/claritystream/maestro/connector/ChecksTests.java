package io.claritystream.maestro.connector;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.http.Problem;
import io.claritystream.maestro.connector.ConnectionConfig.Auth;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which headers a secret may be sent in.
class ChecksTests {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "User-Agent",
        "Accept",
        "accept-language",
        "Content-Type",
        "Accept-Encoding",
        "HTTP2-Settings",
        "Proxy-Authenticate",
        "Host",
        "Idempotency-Key",
      })
  void a_header_that_a_redirect_takes_along_or_the_platform_sets_holds_no_secret(String name) {
    Checks checks = checked(name);
    assertThatThrownBy(checks::check).isInstanceOf(Problem.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Authorization", "X-Api-Key", "Cookie"})
  void any_other_may(String name) {
    assertThatCode(checked(name)::check).doesNotThrowAnyException();
  }

  private static Checks checked(String header) {
    Checks checks = new Checks();
    checks.connection(new ConnectionConfig(Auth.HEADER, null, header), "a-secret", false);
    return checks;
  }
}
