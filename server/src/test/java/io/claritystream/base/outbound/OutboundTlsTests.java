package io.claritystream.base.outbound;

import static io.claritystream.base.outbound.TestOutbound.fault;
import static io.claritystream.base.outbound.TestOutbound.get;
import static io.claritystream.base.outbound.TestOutbound.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.outbound.OutboundFault.Kind;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLSocket;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Encrypted connections: who the other side has to be, and HTTP/2 where it speaks it.
class OutboundTlsTests {
  private final TestTls tls = new TestTls();
  private final TestOutbound outbound = new TestOutbound();
  @TempDir private Path directory;

  @BeforeEach
  void trust_the_authority() throws Exception {
    outbound.trust = tls.trusting();
    outbound.names.put("good.example", List.<String[]>of(new String[] {"127.0.0.1"}));
  }

  @Test
  void the_name_goes_to_the_other_side_and_its_certificate_has_to_be_of_it() throws Exception {
    Set<String> named = ConcurrentHashMap.newKeySet();
    Receiver.Script script =
        (socket, in, out) -> {
          ExtendedSSLSession session = (ExtendedSSLSession) ((SSLSocket) socket).getSession();
          session
              .getRequestedServerNames()
              .forEach(name -> named.add(((SNIHostName) name).getAsciiName()));
          Receiver.always(Receiver.ok("safe")).serve(socket, in, out);
        };
    try (Receiver good = Receiver.tls(tls.server("good.example", 10), script);
        Receiver bare = Receiver.tls(tls.server("127.0.0.1", 10), script);
        OutboundClient client = outbound.client()) {
      OutboundResponse response = client.send(get(https(good)));
      assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("safe");
      assertThat(named).containsExactly("good.example");

      assertThat(client.send(get("https://127.0.0.1:" + bare.port() + "/")).status())
          .isEqualTo(200);
    }
  }

  @Test
  void a_certificate_that_is_anothers_run_out_or_not_trusted_ends_the_call_unsent()
      throws Exception {
    Receiver.Script script = Receiver.always(Receiver.ok("secret"));
    try (Receiver wrongName = Receiver.tls(tls.server("other.example", 10), script);
        Receiver expired = Receiver.tls(tls.server("good.example", -1), script);
        Receiver stranger = Receiver.tls(new TestTls().server("good.example", 10), script);
        OutboundClient client = outbound.client()) {
      for (Receiver receiver : List.of(wrongName, expired, stranger)) {
        OutboundFault fault = fault(client, post(https(receiver), "secret"));

        assertThat(fault.kind()).as(fault.getMessage()).isEqualTo(Kind.TLS);
        assertThat(fault.sent()).isFalse();
        assertThat(receiver.requests).isEmpty();
      }
    }
  }

  @Test
  void who_speaks_no_tls_is_told_apart_and_hears_nothing() throws Exception {
    try (Receiver plain =
            Receiver.start(
                (socket, in, out) -> {
                  in.read();
                  out.write(Receiver.ok("").getBytes(StandardCharsets.US_ASCII));
                });
        Receiver closes = Receiver.start((socket, in, out) -> in.read());
        Receiver silent =
            Receiver.start(
                (socket, in, out) -> in.transferTo(java.io.OutputStream.nullOutputStream()));
        OutboundClient client = outbound.client()) {
      OutboundFault answered = fault(client, post(https(plain), "x"));
      assertThat(answered.kind()).isEqualTo(Kind.TLS);
      assertThat(answered.sent()).isFalse();

      OutboundFault closed = fault(client, post(https(closes), "x"));
      assertThat(closed.kind()).isIn(Kind.TLS, Kind.CONNECT);
      assertThat(closed.sent()).isFalse();

      OutboundFault waited =
          fault(
              client,
              new OutboundRequest(
                  TestOutbound.TENANT,
                  "GET",
                  URI.create(https(silent)),
                  List.of(),
                  null,
                  Duration.ofMillis(400),
                  1000,
                  false));
      assertThat(waited.kind()).isEqualTo(Kind.TIMEOUT);
      assertThat(waited.sent()).isFalse();
    }
  }

  @Test
  void http_2_is_spoken_where_it_is_offered_and_its_connections_are_kept() throws Exception {
    try (Http2 server = new Http2();
        OutboundClient client = outbound.client()) {
      String url = "https://good.example:" + server.port();
      for (int call = 0; call < 100; call++) {
        String body = "hello %02d ".formatted(call).repeat(8);
        OutboundResponse response = client.send(post(url + "/echo", body));

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("X-Protocol")).contains("HTTP/2.0");
        assertThat(response.header("X-Host")).contains("good.example:" + server.port());
        assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo(body);
      }
      assertThat(server.peers).as("connections").hasSize(1);

      OutboundResponse big = client.send(get(url + "/bytes?900000"));
      assertThat(big.body()).hasSize(900_000);
    }
  }

  @Test
  void tiny_bodies_do_not_make_a_server_that_counts_small_frames_lose_patience() throws Exception {
    try (Http2 server = new Http2();
        OutboundClient client = outbound.client()) {
      for (int call = 0; call < 50; call++) {
        OutboundResponse response =
            client.send(post("https://good.example:" + server.port() + "/echo", "{}"));
        assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("{}");
      }
    }
  }

  @Test
  void limits_hold_in_http_2_as_well() throws Exception {
    try (Http2 server = new Http2();
        OutboundClient client = outbound.client()) {
      String url = "https://good.example:" + server.port();

      assertThat(fault(client, get(url + "/bytes?3000000")).kind()).isEqualTo(Kind.TOO_LARGE);
      OutboundFault wide = fault(client, get(url + "/headers"));
      assertThat(wide.kind()).as(String.valueOf(wide.getCause())).isEqualTo(Kind.TOO_LARGE);
      OutboundFault late =
          fault(
              client,
              new OutboundRequest(
                  TestOutbound.TENANT,
                  "GET",
                  URI.create(url + "/wait"),
                  List.of(),
                  null,
                  Duration.ofMillis(400),
                  1000,
                  false));
      assertThat(late.kind()).isEqualTo(Kind.TIMEOUT);
      assertThat(late.sent()).isTrue();
      assertThat(client.bytesHeld()).isZero();
      assertThat(client.send(get(url + "/echo")).status()).as("and others go on").isEqualTo(200);
    }
  }

  @Test
  void a_call_that_is_broken_off_takes_no_other_along() throws Exception {
    try (Http2 server = new Http2();
        OutboundClient client = outbound.client()) {
      String url = "https://good.example:" + server.port();
      CompletableFuture<Integer> other = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  other.complete(client.send(get(url + "/wait")).status());
                } catch (OutboundFault | InterruptedException failure) {
                  other.completeExceptionally(failure);
                }
              });
      assertThat(server.waiting.await(10, TimeUnit.SECONDS)).isTrue();

      assertThat(fault(client, get(url + "/bytes?3000000")).kind()).isEqualTo(Kind.TOO_LARGE);
      server.go.countDown();

      assertThat(other.get(10, TimeUnit.SECONDS)).isEqualTo(200);
    }
  }

  private static String https(Receiver receiver) {
    return "https://good.example:" + receiver.port() + "/";
  }

  /// Tomcat with HTTP/2, as somebody else's server.
  private final class Http2 implements AutoCloseable {
    private final Tomcat tomcat = new Tomcat();
    private final CountDownLatch go = new CountDownLatch(1);
    private final CountDownLatch waiting = new CountDownLatch(1);
    private final Set<Integer> peers = ConcurrentHashMap.newKeySet();

    private Http2() throws Exception {
      tomcat.setBaseDir(directory.toString());
      Connector connector = new Connector();
      connector.setPort(0);
      connector.setProperty("address", "127.0.0.1");
      connector.setScheme("https");
      connector.setSecure(true);
      connector.setProperty("SSLEnabled", "true");
      SSLHostConfig config = new SSLHostConfig();
      var certificate =
          new SSLHostConfigCertificate(config, SSLHostConfigCertificate.Type.UNDEFINED);
      certificate.setCertificateKeystore(tls.store("good.example", 10));
      certificate.setCertificateKeystorePassword(new String(TestTls.PASSWORD));
      config.addCertificate(certificate);
      connector.addSslHostConfig(config);
      connector.addUpgradeProtocol(new Http2Protocol());
      connector.setProperty("maxHttpResponseHeaderSize", "1000000");
      tomcat.setConnector(connector);
      var context = tomcat.addContext("", null);
      Tomcat.addServlet(context, "all", new Answers());
      context.addServletMappingDecoded("/", "all");
      tomcat.start();
    }

    private int port() {
      return tomcat.getConnector().getLocalPort();
    }

    @Override
    public void close() throws LifecycleException {
      go.countDown();
      tomcat.stop();
      tomcat.destroy();
    }

    private final class Answers extends HttpServlet {
      @Override
      protected void service(HttpServletRequest request, HttpServletResponse response)
          throws IOException {
        peers.add(request.getRemotePort());
        response.setHeader("X-Protocol", request.getProtocol());
        response.setHeader("X-Host", request.getServerName() + ":" + request.getServerPort());
        switch (request.getRequestURI()) {
          case "/bytes" ->
              response
                  .getOutputStream()
                  .write(new byte[Integer.parseInt(request.getQueryString())]);
          case "/headers" -> {
            for (int at = 0; at < 40; at++) {
              response.setHeader("X-" + at, "b".repeat(2_000));
            }
          }
          case "/wait" -> {
            waiting.countDown();
            try {
              go.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException ended) {
              Thread.currentThread().interrupt();
            }
          }
          default -> request.getInputStream().transferTo(response.getOutputStream());
        }
      }
    }
  }
}
