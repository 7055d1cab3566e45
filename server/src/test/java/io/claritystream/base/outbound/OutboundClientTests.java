package io.claritystream.base.outbound;

import static io.claritystream.base.outbound.TestOutbound.fault;
import static io.claritystream.base.outbound.TestOutbound.get;
import static io.claritystream.base.outbound.TestOutbound.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.outbound.OutboundFault.Kind;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// What a call promises when nothing is wrong, and what it keeps out of requests.
class OutboundClientTests {

  @Test
  void an_answer_comes_whole_with_status_headers_and_body() throws Exception {
    try (Receiver receiver =
            Receiver.start(
                Receiver.always(
                    "HTTP/1.1 404 Nothing\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"));
        OutboundClient client = new TestOutbound().client()) {
      OutboundResponse response = client.send(get(receiver.url("/a%20b?c=d#e")));

      assertThat(response.status()).isEqualTo(404);
      assertThat(response.header("x-a")).contains("b");
      assertThat(response.header("content-length")).isEmpty();
      assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("hello");
      assertThat(response.finalUrl()).hasToString(receiver.url("/a%20b?c=d#e"));
      assertThat(receiver.requests.getFirst())
          .startsWith("GET /a%20b?c=d HTTP/1.1\r\n")
          .contains("\r\nHost: 127.0.0.1:" + receiver.port() + "\r\n")
          .contains("\r\nAccept-Encoding: gzip\r\n");
    }
  }

  @Test
  void a_body_and_its_headers_are_sent_as_they_are() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")));
        OutboundClient client = new TestOutbound().client()) {
      client.send(
          post(
              receiver.url("/"),
              "{\"a\":1}",
              new Header("Content-Type", "application/json"),
              new Header("Authorization", "Bearer x")));

      assertThat(receiver.requests.getFirst())
          .startsWith("POST / HTTP/1.1\r\n")
          .contains("\r\nContent-Type: application/json\r\n")
          .contains("\r\nAuthorization: Bearer x\r\n")
          .contains("\r\nContent-Length: 7\r\n")
          .endsWith("\r\n\r\n{\"a\":1}");
    }
  }

  @Test
  void a_connection_is_kept_for_the_next_call() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("x")));
        OutboundClient client = new TestOutbound().client()) {
      for (int call = 0; call < 20; call++) {
        assertThat(client.send(get(receiver.url("/"))).status()).isEqualTo(200);
      }
      assertThat(receiver.connections()).isEqualTo(1);
      assertThat(client.hostsUnderWay()).isZero();
      assertThat(client.bytesHeld()).isZero();
    }
  }

  @Test
  void by_default_no_loopback_address_may_be_called() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.allow = java.util.List.of();
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")));
        OutboundClient client = outbound.client()) {
      OutboundFault fault = fault(client, get(receiver.url("/?secret=1")));

      assertThat(fault.kind()).isEqualTo(Kind.BLOCKED);
      assertThat(fault.sent()).isFalse();
      assertThat(receiver.connections()).isZero();
    }
  }
}
