package io.claritystream.maestro.action;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A url stays below its connection's address.
class StepAddressTests {
  private static final String BASE = "https://erp.example.com/api/";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example/",
        "HTTP://evil.example/",
        "..",
        "../admin",
        "orders/../../admin",
        "orders/..?a=b",
        "./orders",
        "orders/%2e%2e/admin",
        "orders/.%2E/admin",
        "orders/%252e%252e/admin",
        "orders%2f..%2f..%2fadmin",
        "orders%5c..%5cadmin",
        "orders/..;a=b/admin",
        "orders/..%3Ba=b/admin",
        "orders#admin",
        "orders?a=b#c",
      })
  void what_leads_out_is_refused(String url) {
    assertThatThrownBy(() -> StepAddress.of(BASE, url, Map.of("key", List.of("secret"))))
        .isInstanceOf(StepFailure.class);
  }

  @ParameterizedTest
  @CsvSource({
    "'', https://erp.example.com/api?key=v",
    "orders, https://erp.example.com/api/orders?key=v",
    "/orders/a..b/.c/d., https://erp.example.com/api/orders/a..b/.c/d.?key=v",
    "?page=2, https://erp.example.com/api?page=2&key=v",
    "go?next=https://x.example/../y, https://erp.example.com/api/go?next=https://x.example/../y&key=v",
    "fetch/https://x.example, https://erp.example.com/api/fetch/https://x.example?key=v",
  })
  void what_stays_is_joined(String url, String whole) throws Exception {
    assertThat(StepAddress.of(BASE, url, Map.of("key", List.of("v")))).hasToString(whole);
  }
}
