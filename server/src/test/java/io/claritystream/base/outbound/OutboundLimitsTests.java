package io.claritystream.base.outbound;

import static io.claritystream.base.outbound.TestOutbound.fault;
import static io.claritystream.base.outbound.TestOutbound.get;
import static io.claritystream.base.outbound.TestOutbound.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.outbound.OutboundFault.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

/// What a receiver may do to a call, and what the fault then says of it.
class OutboundLimitsTests {
  private static final String HEAD = "HTTP/1.1 200 OK\r\n";

  @Test
  void a_body_larger_than_allowed_is_refused_announced_or_not() throws Exception {
    try (Receiver announced =
            Receiver.start(Receiver.always(HEAD + "Content-Length: 2000000\r\n\r\n"));
        Receiver endless =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  write(out, HEAD + "\r\n");
                  while (true) {
                    out.write(new byte[65_536]);
                  }
                });
        Receiver chunked =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  write(out, HEAD + "Transfer-Encoding: chunked\r\n\r\n");
                  while (true) {
                    write(out, "400\r\n" + "x".repeat(1024) + "\r\n");
                  }
                });
        OutboundClient client = new TestOutbound().client()) {
      for (Receiver receiver : List.of(announced, endless, chunked)) {
        OutboundFault fault = fault(client, get(receiver.url("/")));
        assertThat(fault.kind()).isEqualTo(Kind.TOO_LARGE);
        assertThat(fault.sent()).isTrue();
      }
      assertThat(client.bytesHeld()).isZero();
    }
  }

  @Test
  void a_body_of_exactly_the_limit_is_an_answer() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("x".repeat(1000))));
        OutboundClient client = new TestOutbound().client()) {
      assertThat(client.send(limited(receiver.url("/"), 1000)).body()).hasSize(1000);
      assertThat(fault(client, limited(receiver.url("/"), 999)).kind()).isEqualTo(Kind.TOO_LARGE);
    }
  }

  @Test
  void a_compressed_answer_comes_plain_and_a_bomb_is_refused() throws Exception {
    try (Receiver small = Receiver.start(Receiver.always(gzipped("gzip", "hello".getBytes())));
        Receiver bomb = Receiver.start(Receiver.always(gzipped("gzip", new byte[1_000_000], 300)));
        Receiver twice =
            Receiver.start(Receiver.always(gzipped("gzip, gzip", gzip(new byte[1_000_000]))));
        Receiver unasked = Receiver.start(Receiver.always(gzipped("br", new byte[10])));
        Receiver lying =
            Receiver.start(
                Receiver.always(HEAD + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"));
        OutboundClient client = new TestOutbound().client()) {
      OutboundResponse response = client.send(get(small.url("/")));
      assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("hello");
      assertThat(response.header("Content-Encoding")).isEmpty();

      assertThat(fault(client, get(bomb.url("/"))).kind()).isEqualTo(Kind.TOO_LARGE);
      assertThat(fault(client, get(twice.url("/"))).kind()).isEqualTo(Kind.PROTOCOL);
      assertThat(fault(client, get(unasked.url("/"))).kind()).isEqualTo(Kind.PROTOCOL);
      assertThat(fault(client, get(lying.url("/"))).kind()).isEqualTo(Kind.PROTOCOL);
      assertThat(client.bytesHeld()).isZero();
    }
  }

  @Test
  void headers_without_end_are_refused() throws Exception {
    try (Receiver many = Receiver.start(endlessly("X-A: b\r\n"));
        Receiver line = Receiver.start(endlessly("xxxxxxxxxxxxxxxx"));
        Receiver folded = Receiver.start(endlessly(" and more\r\n"));
        Receiver wide =
            Receiver.start(
                Receiver.always(
                    HEAD + ("X-A: " + "b".repeat(10_000) + "\r\n").repeat(10) + "\r\n"));
        OutboundClient client = new TestOutbound().client()) {
      for (Receiver receiver : List.of(many, line, folded, wide)) {
        OutboundFault fault = fault(client, get(receiver.url("/")));
        assertThat(fault.kind()).isEqualTo(Kind.TOO_LARGE);
        assertThat(fault.sent()).isTrue();
      }
    }
  }

  @Test
  void what_is_not_http_is_said_to_be_so() throws Exception {
    try (Receiver ssh = Receiver.start(Receiver.always("SSH-2.0-OpenSSH_9.9\r\n"));
        Receiver lengths =
            Receiver.start(Receiver.always(HEAD + "Content-Length: -5\r\n\r\nhello"));
        Receiver chunks =
            Receiver.start(
                Receiver.always(HEAD + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"));
        OutboundClient client = new TestOutbound().client()) {
      for (Receiver receiver : List.of(ssh, lengths, chunks)) {
        OutboundFault fault = fault(client, get(receiver.url("/")));
        assertThat(fault.kind()).isEqualTo(Kind.PROTOCOL);
        assertThat(fault.sent()).isTrue();
      }
    }
  }

  @Test
  void an_answer_that_trickles_ends_at_the_deadline() throws Exception {
    try (Receiver body = Receiver.start(trickle(HEAD + "Content-Length: 100000\r\n\r\n", "x"));
        Receiver head = Receiver.start(trickle(HEAD, "X-A: b\r\n"));
        Receiver continuing = Receiver.start(trickle("", "HTTP/1.1 100 Continue\r\n\r\n"));
        OutboundClient client = new TestOutbound().client()) {
      for (Receiver receiver : List.of(body, head, continuing)) {
        long began = System.nanoTime();
        OutboundFault fault = fault(client, within(receiver.url("/"), Duration.ofMillis(500)));

        assertThat(fault.kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(fault.sent()).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
      }
      assertThat(client.hostsUnderWay()).isZero();
    }
  }

  @Test
  void an_answer_that_is_announced_without_end_is_broken_off() throws Exception {
    try (Receiver receiver =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  while (true) {
                    write(out, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                  }
                });
        OutboundClient client = new TestOutbound().client()) {
      expect(fault(client, get(receiver.url("/"))), Kind.PROTOCOL, true);
    }
  }

  @Test
  void a_fault_says_whether_anything_was_sent() throws Exception {
    int nobody;
    try (ServerSocket free = new ServerSocket(0)) {
      nobody = free.getLocalPort();
    }
    TestOutbound outbound = new TestOutbound();
    try (Receiver silent = Receiver.start((socket, in, out) -> Receiver.readRequest(in).length());
        Receiver resets =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  Receiver.reset(socket);
                });
        Receiver halfway =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  write(out, HEAD + "Content-Length: 100\r\n\r\nhalf");
                });
        Receiver waits =
            Receiver.start((socket, in, out) -> in.transferTo(OutputStream.nullOutputStream()));
        OutboundClient client = outbound.client()) {
      expect(fault(client, post("http://127.0.0.1:" + nobody + "/", "x")), Kind.CONNECT, false);
      expect(fault(client, post("http://nowhere.example/", "x")), Kind.DNS, false);
      expect(fault(client, post(silent.url("/"), "x")), Kind.CONNECT, true);
      expect(fault(client, post(resets.url("/"), "x")), Kind.CONNECT, true);
      expect(fault(client, post(halfway.url("/"), "x")), Kind.CONNECT, true);
      expect(fault(client, within(waits.url("/"), Duration.ofMillis(300))), Kind.TIMEOUT, true);
      assertThat(silent.requests).as("nothing is sent twice").hasSize(1);
      assertThat(resets.requests).hasSize(1);
    }
  }

  @Test
  void a_connection_that_the_other_side_closed_while_it_was_kept_costs_nothing() throws Exception {
    try (Receiver receiver =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  write(out, Receiver.ok("x"));
                });
        OutboundClient client = new TestOutbound().client()) {
      for (int call = 1; call <= 10; call++) {
        assertThat(client.send(post(receiver.url("/"), "x")).status()).isEqualTo(200);
        int times = call;
        await().until(() -> receiver.connections() == times && receiver.ended() == times);
      }
    }
  }

  @Test
  void a_name_that_is_not_resolved_in_time_does_not_hold_the_call() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    TestOutbound outbound = new TestOutbound();
    outbound.lookUpTimeout = Duration.ofMillis(200);
    outbound.hang = hanging;
    try (OutboundClient client = outbound.client()) {
      expect(fault(client, get("http://hanging.example/")), Kind.DNS, false);
    } finally {
      hanging.countDown();
    }
  }

  @Test
  void a_tenant_whose_names_are_never_resolved_takes_its_part_of_look_ups_only() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    TestOutbound outbound = new TestOutbound();
    outbound.lookUpTimeout = Duration.ofSeconds(60);
    outbound.hang = hanging;
    outbound.names.put("well.example", List.<String[]>of(new String[] {"127.0.0.1"}));
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")));
        OutboundClient client = outbound.client()) {
      List<CompletableFuture<OutboundFault>> hung = new ArrayList<>();
      for (int at = 0; at < Names.PER_TENANT_MAX; at++) {
        hung.add(faultLater(client, hanging(at, Duration.ofSeconds(60))));
      }
      await().until(() -> outbound.lookUps.size() == Names.PER_TENANT_MAX);
      List<CompletableFuture<OutboundFault>> more = new ArrayList<>();
      for (int at = Names.PER_TENANT_MAX; at < 100; at++) {
        more.add(faultLater(client, hanging(at, Duration.ofMillis(300))));
      }
      String well = "http://well.example:" + receiver.port() + "/";

      assertThat(client.send(get(TestOutbound.OTHER, well)).status()).isEqualTo(200);

      for (CompletableFuture<OutboundFault> one : more) {
        expect(one.get(30, TimeUnit.SECONDS), Kind.BUSY, false);
      }
      assertThat(outbound.lookUps.stream().filter(name -> name.endsWith("hanging.example")))
          .hasSize(Names.PER_TENANT_MAX);
      hanging.countDown();
      for (CompletableFuture<OutboundFault> one : hung) {
        expect(one.get(30, TimeUnit.SECONDS), Kind.DNS, false);
      }
    } finally {
      hanging.countDown();
    }
  }

  private static OutboundRequest hanging(int number, Duration timeout) {
    return new OutboundRequest(
        TestOutbound.TENANT,
        "GET",
        URI.create("http://n" + number + ".hanging.example/"),
        List.of(),
        null,
        timeout,
        1_000_000,
        false);
  }

  private static CompletableFuture<OutboundFault> faultLater(
      OutboundClient client, OutboundRequest request) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return fault(client, request);
          } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
          }
        },
        command -> Thread.ofVirtual().start(command));
  }

  @Test
  void a_look_up_that_nobody_waits_for_is_counted_and_ended() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.lookUpTimeout = Duration.ofMillis(200);
    outbound.hang = new CountDownLatch(1);
    try (OutboundClient client = outbound.client()) {
      for (int at = 0; at < 2 * Names.PER_TENANT_MAX; at++) {
        // Were they not ended, the tenant's part would be used up.
        expect(fault(client, get("http://n" + at + ".hanging.example/")), Kind.DNS, false);
      }
      assertThat(outbound.meters.counter("clarity_outbound_look_ups_abandoned_total").count())
          .isEqualTo(2 * Names.PER_TENANT_MAX);
      await().until(() -> client.tenantsLookingUp() == 0);
    }
  }

  @Test
  void a_look_up_that_breaks_gives_the_tenant_its_part_back() throws Exception {
    TestOutbound outbound = new TestOutbound();
    try (OutboundClient client = outbound.client()) {
      for (int at = 0; at < 2 * Names.PER_TENANT_MAX; at++) {
        expect(fault(client, get("http://n" + at + ".breaking.example/")), Kind.DNS, false);
      }
      await().until(() -> client.tenantsLookingUp() == 0);
    }
  }

  @Test
  void an_interrupted_call_closes_its_socket_at_once_and_says_that_it_was_sent() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    CountDownLatch closed = new CountDownLatch(2);
    try (Receiver receiver =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  asked.countDown();
                  try {
                    in.read();
                  } finally {
                    closed.countDown();
                  }
                });
        OutboundClient client = new TestOutbound().client()) {
      List<Thread> threads = new ArrayList<>();
      List<CompletableFuture<OutboundFault>> faults = new ArrayList<>();
      for (Thread.Builder kind : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
        CompletableFuture<OutboundFault> fault = new CompletableFuture<>();
        faults.add(fault);
        threads.add(
            kind.start(
                () -> {
                  try {
                    client.send(get(receiver.url("/")));
                    fault.completeExceptionally(new AssertionError("answered"));
                  } catch (OutboundFault told) {
                    assertThat(Thread.currentThread().isInterrupted()).isTrue();
                    fault.complete(told);
                  } catch (InterruptedException | AssertionError wrong) {
                    fault.completeExceptionally(wrong);
                  }
                }));
      }
      assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
      threads.forEach(Thread::interrupt);

      assertThat(closed.await(1, TimeUnit.SECONDS)).as("closed within a second").isTrue();
      for (CompletableFuture<OutboundFault> fault : faults) {
        expect(fault.get(10, TimeUnit.SECONDS), Kind.ABORTED, true);
      }
      assertThat(client.hostsUnderWay()).isZero();
    }
  }

  @Test
  void a_call_interrupted_before_it_is_sent_is_just_interrupted() throws Exception {
    CountDownLatch hanging = new CountDownLatch(1);
    TestOutbound outbound = new TestOutbound();
    outbound.hang = hanging;
    try (OutboundClient client = outbound.client()) {
      CompletableFuture<Throwable> told = new CompletableFuture<>();
      Thread caller =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      client.send(get("http://hanging.example/"));
                    } catch (OutboundFault | InterruptedException failure) {
                      told.complete(failure);
                    }
                  });
      await().until(() -> outbound.lookUps.contains("hanging.example"));
      caller.interrupt();

      assertThat(told.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    } finally {
      hanging.countDown();
    }
  }

  @Test
  void more_calls_than_may_be_are_refused_as_busy_and_one_host_does_not_take_all()
      throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.callsMax = 3;
    outbound.callsPerHostMax = 2;
    outbound.placeWithin = Duration.ofMillis(100);
    CountDownLatch go = new CountDownLatch(1);
    Receiver.Script waiting =
        (socket, in, out) -> {
          Receiver.readRequest(in);
          go.await();
          write(out, Receiver.ok(""));
        };
    try (Receiver slow = Receiver.start(waiting);
        Receiver other = Receiver.start(waiting);
        OutboundClient client = outbound.client()) {
      List<CompletableFuture<Integer>> calls = new ArrayList<>();
      calls.add(start(client, slow));
      calls.add(start(client, slow));
      await().until(() -> slow.requests.size() == 2);
      expect(fault(client, get(slow.url("/"))), Kind.BUSY, false);

      calls.add(start(client, other));
      await().until(() -> other.requests.size() == 1);
      expect(fault(client, get(other.url("/"))), Kind.BUSY, false);

      go.countDown();
      for (CompletableFuture<Integer> call : calls) {
        assertThat(call.get(10, TimeUnit.SECONDS)).isEqualTo(200);
      }
      assertThat(client.hostsUnderWay()).isZero();
    }
  }

  @Test
  void room_for_an_answer_is_taken_before_anything_is_sent_and_a_tenant_has_its_part()
      throws Exception {
    TestOutbound outbound = new TestOutbound();
    // Of them, what one answer may be read to: a twelfth.
    outbound.buffersMax = DataSize.ofKilobytes(12_500);
    outbound.buffersPerTenantMax = DataSize.ofKilobytes(1_500);
    outbound.placeWithin = Duration.ofMillis(100);
    CountDownLatch go = new CountDownLatch(1);
    try (Receiver receiver = Receiver.start(waiting(go));
        OutboundClient client = outbound.client()) {
      CompletableFuture<Integer> mine = start(client, TestOutbound.TENANT, receiver);
      await().until(() -> receiver.requests.size() == 1);
      expect(fault(client, get(receiver.url("/"))), Kind.BUSY, false);

      CompletableFuture<Integer> theirs = start(client, TestOutbound.OTHER, receiver);
      await().until(() -> receiver.requests.size() == 2);
      assertThat(client.bytesHeld()).isGreaterThanOrEqualTo(2_000_000);

      go.countDown();
      assertThat(mine.get(10, TimeUnit.SECONDS)).isEqualTo(200);
      assertThat(theirs.get(10, TimeUnit.SECONDS)).isEqualTo(200);
      await().until(() -> client.bytesHeld() == 0);
      assertThat(receiver.requests).hasSize(2);
    }
  }

  @Test
  void an_answer_is_no_larger_than_there_is_room_to_read_it_as_a_text() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.buffersMax = DataSize.ofKilobytes(1_200);
    outbound.buffersPerTenantMax = DataSize.ofKilobytes(1_200);
    int most = 100 * 1_024;
    try (Receiver fits = Receiver.start(Receiver.always(Receiver.ok("x".repeat(most))));
        Receiver beyond = Receiver.start(Receiver.always(Receiver.ok("x".repeat(most + 1))));
        OutboundClient client = outbound.client()) {
      assertThat(client.send(get(fits.url("/"))).body()).hasSize(most);
      expect(fault(client, get(beyond.url("/"))), Kind.TOO_LARGE, true);
    }
  }

  @Test
  void an_answer_that_is_there_takes_as_much_memory_as_it_has_until_it_is_read() throws Exception {
    TestOutbound outbound = new TestOutbound();
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("x".repeat(100_000))));
        OutboundClient client = outbound.client()) {
      long held = client.send(get(receiver.url("/")), response -> client.bytesHeld());

      assertThat(held).isBetween(100_000L, 102_400L);
      assertThat(client.bytesHeld()).isZero();
    }
  }

  @Test
  void answers_may_take_a_quarter_of_the_heap_and_a_tenants_a_quarter_of_that() {
    OutboundProperties settings =
        new OutboundProperties(
            List.of(),
            List.of(80),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            1,
            1,
            1,
            1,
            Duration.ofSeconds(1),
            null,
            null);
    long quarter = Runtime.getRuntime().maxMemory() / 4;

    assertThat(settings.buffersMaxBytes() + settings.readingMaxBytes())
        .isBetween(quarter - 1_024, quarter);
    assertThat(settings.buffersPerTenantMaxBytes()).isEqualTo(settings.buffersMaxBytes() / 4);
  }

  @Test
  void a_tenant_has_its_part_of_all_places_and_of_those_to_a_host() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.callsMax = 4;
    outbound.callsPerTenantMax = 2;
    outbound.callsPerTenantAndHostMax = 1;
    outbound.placeWithin = Duration.ofMillis(100);
    CountDownLatch go = new CountDownLatch(1);
    try (Receiver one = Receiver.start(waiting(go));
        Receiver two = Receiver.start(waiting(go));
        Receiver three = Receiver.start(waiting(go));
        OutboundClient client = outbound.client()) {
      List<CompletableFuture<Integer>> calls = new ArrayList<>();
      calls.add(start(client, TestOutbound.TENANT, one));
      await().until(() -> one.requests.size() == 1);
      expect(fault(client, get(one.url("/"))), Kind.BUSY, false);
      calls.add(start(client, TestOutbound.TENANT, two));
      await().until(() -> two.requests.size() == 1);
      expect(fault(client, get(three.url("/"))), Kind.BUSY, false);

      calls.add(start(client, TestOutbound.OTHER, one));
      calls.add(start(client, TestOutbound.OTHER, three));
      await().until(() -> one.requests.size() == 2 && three.requests.size() == 1);

      go.countDown();
      for (CompletableFuture<Integer> call : calls) {
        assertThat(call.get(10, TimeUnit.SECONDS)).isEqualTo(200);
      }
      await().until(() -> client.hostsUnderWay() == 0);
    }
  }

  @Test
  void a_connection_that_one_tenant_used_is_never_anothers() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")));
        OutboundClient client = new TestOutbound().client()) {
      for (int call = 0; call < 3; call++) {
        client.send(get(TestOutbound.TENANT, receiver.url("/")));
      }
      assertThat(receiver.connections()).isEqualTo(1);

      client.send(get(TestOutbound.OTHER, receiver.url("/")));
      assertThat(receiver.connections()).isEqualTo(2);
      client.send(get(TestOutbound.TENANT, receiver.url("/")));
      assertThat(receiver.connections()).isEqualTo(2);
    }
  }

  @Test
  void a_request_that_would_break_out_of_its_frame_is_never_sent() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")));
        OutboundClient client = new TestOutbound().client()) {
      List<Header> hostile =
          List.of(
              new Header("X-A", "b\r\nX-Evil: 1"),
              new Header("X-A", "b\nX-Evil: 1"),
              new Header("X-A", "b\0"),
              new Header("X-A", "secret\u010d\u010a"),
              new Header("X-A", "\u007f"),
              new Header("X-A\r\nX-Evil", "1"),
              new Header("X A", "1"),
              new Header("X-A:", "1"),
              new Header("", "1"),
              new Header(":authority", "evil"),
              new Header("Host", "evil"),
              new Header("hOsT", "evil"),
              new Header("Content-Length", "0"),
              new Header("Transfer-Encoding", "chunked"),
              new Header("Connection", "close"),
              new Header("Keep-Alive", "1"),
              new Header("Upgrade", "h2c"),
              new Header("HTTP2-Settings", "x"),
              new Header("TE", "trailers"),
              new Header("Trailer", "X"),
              new Header("Expect", "100-continue"),
              new Header("Proxy-Authorization", "secret"),
              new Header("Proxy-Connection", "close"),
              new Header("Accept-Encoding", "br"),
              new Header("X-A", "x".repeat(40_000)));
      for (Header header : hostile) {
        expect(fault(client, post(receiver.url("/"), "x", header)), Kind.BLOCKED, false);
      }
      Header[] many = new Header[101];
      java.util.Arrays.fill(many, new Header("X-A", "b"));
      expect(fault(client, post(receiver.url("/"), "x", many)), Kind.BLOCKED, false);
      for (String method :
          List.of("TRACE", "CONNECT", "get", "", "GET /evil HTTP/1.1\r\nX: ", "PROPFIND")) {
        OutboundRequest request =
            new OutboundRequest(
                TestOutbound.TENANT,
                method,
                URI.create(receiver.url("/")),
                List.of(),
                null,
                Duration.ofSeconds(5),
                1000,
                false);
        expect(fault(client, request), Kind.BLOCKED, false);
      }
      expect(fault(client, get(receiver.url("/" + "x".repeat(9_000)))), Kind.BLOCKED, false);
      assertThat(receiver.connections()).isZero();
    }
  }

  private static Receiver.Script waiting(CountDownLatch go) {
    return (socket, in, out) -> {
      Receiver.readRequest(in);
      go.await();
      write(out, Receiver.ok(""));
    };
  }

  private static CompletableFuture<Integer> start(OutboundClient client, Receiver receiver) {
    return start(client, TestOutbound.TENANT, receiver);
  }

  private static CompletableFuture<Integer> start(
      OutboundClient client, TenantId tenant, Receiver receiver) {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                status.complete(client.send(get(tenant, receiver.url("/"))).status());
              } catch (OutboundFault | InterruptedException failure) {
                status.completeExceptionally(failure);
              }
            });
    return status;
  }

  private static void expect(OutboundFault fault, Kind kind, boolean sent) {
    assertThat(fault.kind()).as(fault.getMessage()).isEqualTo(kind);
    assertThat(fault.sent()).as(fault.getMessage()).isEqualTo(sent);
  }

  private static OutboundRequest within(String url, Duration timeout) {
    return new OutboundRequest(
        TestOutbound.TENANT, "GET", URI.create(url), List.of(), null, timeout, 1_000_000, false);
  }

  private static OutboundRequest limited(String url, long max) {
    return new OutboundRequest(
        TestOutbound.TENANT,
        "GET",
        URI.create(url),
        List.of(),
        null,
        Duration.ofSeconds(20),
        max,
        false);
  }

  private static Receiver.Script endlessly(String line) {
    return (socket, in, out) -> {
      Receiver.readRequest(in);
      write(out, HEAD + "X-First: a\r\n");
      while (true) {
        write(out, line.repeat(100));
      }
    };
  }

  /// Says a little, every 20 ms, for as long as anybody listens.
  private static Receiver.Script trickle(String first, String drop) {
    return (socket, in, out) -> {
      Receiver.readRequest(in);
      write(out, first);
      CountDownLatch never = new CountDownLatch(1);
      while (!never.await(20, TimeUnit.MILLISECONDS)) {
        write(out, drop);
      }
    };
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private static byte[] gzipped(String encoding, byte[] plain) throws IOException {
    return gzipped(encoding, plain, 1);
  }

  private static byte[] gzipped(String encoding, byte[] plain, int times) throws IOException {
    byte[] body = gzip(plain, times);
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    write(
        answer,
        HEAD + "Content-Encoding: " + encoding + "\r\nContent-Length: " + body.length + "\r\n\r\n");
    answer.writeBytes(body);
    return answer.toByteArray();
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    return gzip(plain, 1);
  }

  private static byte[] gzip(byte[] plain, int times) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      for (int i = 0; i < times; i++) {
        gzip.write(plain);
      }
    }
    return bytes.toByteArray();
  }
}
