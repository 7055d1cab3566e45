package io.claritystream.base.outbound;

import static io.claritystream.base.outbound.TestOutbound.fault;
import static io.claritystream.base.outbound.TestOutbound.following;
import static io.claritystream.base.outbound.TestOutbound.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.outbound.OutboundFault.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// Where a call may not lead, in all the ways in which it can be written.
class DestinationsTests {

  /// `PORT` is that of a listener on loopback, which may be called if it were for the port alone.
  private static final List<String> HOSTILE =
      List.of(
          // Loopback, and what other readers take for it.
          "http://127.0.0.1:PORT/",
          "http://127.0.0.2:PORT/",
          "http://127.255.255.254:PORT/",
          "http://127.1:PORT/",
          "http://127.0.1:PORT/",
          "http://2130706433:PORT/",
          "http://0x7f000001:PORT/",
          "http://0x7F.0x0.0x0.0x1:PORT/",
          "http://0x7f.1:PORT/",
          "http://017700000001:PORT/",
          "http://0177.0.0.1:PORT/",
          "http://0177.0.0.01:PORT/",
          "http://127.0.0.01:PORT/",
          "http://127.000.000.001:PORT/",
          "http://127.0.0.0x1:PORT/",
          "http://127.0.0.1.:PORT/",
          "http://6425673729:PORT/",
          "http://383.0.0.1:PORT/",
          "http://0:PORT/",
          "http://0.0.0.0:PORT/",
          "http://0x0:PORT/",
          "http://1:PORT/",
          "http://localhost:PORT/",
          "http://LOCALHOST:PORT/",
          "http://localhost.:PORT/",
          "http://foo.localhost:PORT/",
          "http://[::1]:PORT/",
          "http://[0:0:0:0:0:0:0:1]:PORT/",
          "http://[0000:0000:0000:0000:0000:0000:0000:0001]:PORT/",
          "http://[::]:PORT/",
          "http://[::ffff:127.0.0.1]:PORT/",
          "http://[::ffff:7f00:1]:PORT/",
          "http://[::FFFF:7F00:0001]:PORT/",
          "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
          "http://[::127.0.0.1]:PORT/",
          "http://[::7f00:1]:PORT/",
          "http://[::1%25lo]:PORT/",
          "http://[::1%lo]:PORT/",
          "http://[::1%251]:PORT/",
          "http://%31%32%37.0.0.1:PORT/",
          "http://127%2e0%2e0%2e1:PORT/",
          "http://localhost%00.example.com:PORT/",
          "http://127。0。0。1:PORT/",
          "http://127．0．0．1:PORT/",
          "http://１２７.0.0.1:PORT/",
          "http://①②⑦.0.0.1:PORT/",
          "http://ⓛocalhost:PORT/",
          "http://ｌocalhost:PORT/",
          // Who is meant by what stands before the @.
          "http://example.com@127.0.0.1:PORT/",
          "http://user:secret@example.com/",
          "http://example.com:80@127.0.0.1:PORT/",
          "http://127.0.0.1:PORT@example.com/",
          "http://@127.0.0.1:PORT/",
          "http://example.com%40127.0.0.1:PORT/",
          // Private and special networks.
          "http://10.0.0.1/",
          "http://10.255.255.255/",
          "http://172.16.0.1/",
          "http://172.31.255.255/",
          "http://192.168.0.1/",
          "http://192.168.255.255/",
          "http://100.64.0.1/",
          "http://100.127.255.255/",
          "http://169.254.169.254/latest/meta-data/",
          "http://169.254.170.2/",
          "http://0xA9FEA9FE/",
          "http://2852039166/",
          "http://0251.0376.0251.0376/",
          "http://[::ffff:169.254.169.254]/",
          "http://[::ffff:a9fe:a9fe]/",
          "http://100.100.100.200/",
          "http://192.0.0.192/",
          "http://168.63.129.16/",
          "http://192.0.2.1/",
          "http://198.18.0.1/",
          "http://198.19.255.255/",
          "http://198.51.100.1/",
          "http://203.0.113.1/",
          "http://192.88.99.1/",
          "http://224.0.0.1/",
          "http://239.255.255.255/",
          "http://240.0.0.1/",
          "http://255.255.255.255/",
          "http://0.1.2.3/",
          "http://[fc00::1]/",
          "http://[fd00:ec2::254]/",
          "http://[fe80::1]/",
          "http://[febf::1]/",
          "http://[fec0::1]/",
          "http://[ff02::1]/",
          "http://[64:ff9b::7f00:1]/",
          "http://[64:ff9b::10.0.0.1]/",
          "http://[64:ff9b:1::1]/",
          "http://[2002:7f00:1::]/",
          "http://[2002:0a00:0001::1]/",
          "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
          "http://[2001:2::1]/",
          "http://[2001:10::1]/",
          "http://[2001:db8::1]/",
          "http://[3fff::1]/",
          "http://[100::1]/",
          "http://[5f00::1]/",
          "http://[4000::1]/",
          // Names that lead there.
          "http://metadata.google.internal/",
          "http://localtest.me:PORT/",
          "http://127.0.0.1.nip.io:PORT/",
          "http://mixed.example/",
          "http://mixed-six.example/",
          "http://mapped.example/",
          "http://six.example:PORT/",
          "http://private.example:PORT/",
          "http://translated.example/",
          // Ports and schemes.
          "http://public.example:22/",
          "http://public.example:25/",
          "http://public.example:6379/",
          "http://public.example:5432/",
          "http://public.example:0/",
          "http://public.example:65536/",
          "http://public.example:99999/",
          "https://public.example:9200/",
          "file:///etc/passwd",
          "file://localhost/etc/passwd",
          "ftp://public.example/",
          "gopher://127.0.0.1:PORT/_x",
          "jar:http://127.0.0.1:PORT/a!/b",
          "ws://127.0.0.1:PORT/",
          "javascript:alert(1)",
          "data:text/plain,x",
          "//127.0.0.1:PORT/",
          "/v1/secrets",
          "http:127.0.0.1:PORT",
          "http:///etc/passwd",
          "http://",
          "http://.:PORT/",
          "http://-a.example/",
          "http://a..example/");

  @Test
  void no_hostile_destination_is_reached_however_it_is_written() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.allow = List.of();
    for (String name : List.of("localhost", "foo.localhost", "localtest.me", "127.0.0.1.nip.io")) {
      answer(outbound, name, "127.0.0.1");
    }
    answer(outbound, "metadata.google.internal", "169.254.169.254");
    answer(outbound, "mixed.example", "93.184.215.14", "127.0.0.1");
    answer(outbound, "mixed-six.example", "93.184.215.14", "::1");
    answer(outbound, "mapped.example", "::ffff:127.0.0.1");
    answer(outbound, "six.example", "::1");
    answer(outbound, "private.example", "10.1.2.3");
    answer(outbound, "translated.example", "64:ff9b::a00:1");
    answer(outbound, "public.example", "93.184.215.14");

    TreeMap<String, Integer> told = new TreeMap<>();
    int unwritable = 0;
    try (Receiver four = Receiver.start(Receiver.always(Receiver.ok("secret")));
        Receiver six = six(four.port())) {
      outbound.ports = List.of(80, 443, four.port());
      try (OutboundClient client = outbound.client()) {
        for (String hostile : HOSTILE) {
          URI url;
          try {
            url = new URI(hostile.replace("PORT", String.valueOf(four.port())));
          } catch (URISyntaxException refused) {
            unwritable++;
            continue;
          }
          for (boolean follow : new boolean[] {false, true}) {
            OutboundFault fault =
                fault(
                    client,
                    new OutboundRequest(
                        TestOutbound.TENANT,
                        "GET",
                        url,
                        List.of(),
                        null,
                        Duration.ofSeconds(20),
                        1000,
                        follow));
            assertThat(fault.kind())
                .as(hostile + ": " + fault.getMessage())
                .isEqualTo(Kind.BLOCKED);
            assertThat(fault.sent()).as(hostile).isFalse();
          }
          told.merge("refused", 1, Integer::sum);
        }
      }
      assertThat(four.connections() + six.connections()).as("sockets opened").isZero();
    }
    assertThat(outbound.lookUps)
        .as("numbers are never looked up")
        .noneMatch(name -> name.matches("(?:.*\\.)?(?:0x[0-9a-f]*|[0-9]+)"));
    LoggerFactory.getLogger(DestinationsTests.class)
        .warn(
            "hostile destinations: {} refused by the client, {} by the reading of an address, 0"
                + " sockets opened",
            told.get("refused"),
            unwritable);
    assertThat(told.get("refused")).isGreaterThanOrEqualTo(120);
  }

  @Test
  void half_of_a_character_is_in_no_address_and_in_none_that_a_redirect_names() throws Exception {
    TestOutbound outbound = new TestOutbound();
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")));
        OutboundClient client = outbound.client()) {
      for (String half : List.of("\ud83d", "\ude00", "\ude00\ud83d", "a\ud83db")) {
        for (String url :
            List.of(
                receiver.url("/" + half),
                receiver.url("/?a=" + half),
                receiver.url("/#" + half),
                "http://" + half + ".example/")) {
          OutboundFault fault = fault(client, get(url));

          assertThat(fault.kind()).as(url).isEqualTo(Kind.BLOCKED);
          assertThat(fault).as(url).hasMessageContaining("half of a character");
        }
        Destination from = Destination.of(URI.create(receiver.url("/")));
        assertThatThrownBy(() -> from.following("/" + half))
            .isInstanceOf(OutboundFault.class)
            .hasMessageContaining("half of a character");
      }
      assertThat(receiver.connections()).isZero();
      assertThat(client.send(get(receiver.url("/\ud83d\ude00"))).status()).isEqualTo(200);
      assertThat(receiver.requests.getFirst()).startsWith("GET /%F0%9F%98%80 ");
    }
  }

  @Test
  void public_addresses_are_public() {
    for (String open :
        List.of(
            "1.1.1.1",
            "8.8.8.8",
            "11.0.0.1",
            "93.184.215.14",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.1.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860::8888")) {
      assertThat(Reach.isPublic(InetAddress.ofLiteral(open))).as(open).isTrue();
    }
  }

  @Test
  void a_name_that_changes_its_answer_is_looked_up_once_and_called_where_it_was_checked()
      throws Exception {
    TestOutbound outbound = new TestOutbound();
    try (Receiver forbidden = Receiver.start(Receiver.always(Receiver.ok("secret")));
        Receiver allowed =
            Receiver.at("127.0.0.2", forbidden.port(), Receiver.always(Receiver.ok("fine")))) {
      outbound.allow = List.of("127.0.0.2:*");
      outbound.names.put(
          "rebinding.example", List.of(new String[] {"127.0.0.2"}, new String[] {"127.0.0.1"}));
      try (OutboundClient client = outbound.client()) {
        String url = "http://rebinding.example:" + allowed.port() + "/";

        OutboundResponse response = client.send(get(url));

        assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("fine");
        assertThat(outbound.lookUps).containsExactly("rebinding.example");
        assertThat(allowed.requests.getFirst())
            .contains("\r\nHost: rebinding.example:" + allowed.port() + "\r\n");
      }
      // To a client that remembers nothing the name answers anew: and is refused.
      try (OutboundClient client = outbound.client()) {
        OutboundFault fault =
            fault(client, get("http://rebinding.example:" + allowed.port() + "/"));

        assertThat(fault.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(fault.sent()).isFalse();
      }
      assertThat(forbidden.connections()).isZero();
    }
  }

  @Test
  void a_kept_connection_does_not_serve_a_name_that_now_leads_to_another_address()
      throws Exception {
    TestOutbound outbound = new TestOutbound();
    try (Receiver first = Receiver.start(Receiver.always(Receiver.ok("first")));
        Receiver second =
            Receiver.at("127.0.0.2", first.port(), Receiver.always(Receiver.ok("second")));
        OutboundClient client = outbound.client()) {
      outbound.names.put("one.example", List.<String[]>of(new String[] {"127.0.0.1"}));
      outbound.names.put("two.example", List.<String[]>of(new String[] {"127.0.0.2"}));
      for (String name : List.of("one", "two", "one", "two")) {
        client.send(get("http://" + name + ".example:" + first.port() + "/"));
      }
      assertThat(first.connections()).isEqualTo(1);
      assertThat(second.connections()).isEqualTo(1);
    }
  }

  @Test
  void the_next_address_of_a_name_is_called_when_one_refuses_the_connection() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.names.put("two.example", List.<String[]>of(new String[] {"127.0.0.2", "127.0.0.1"}));
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("second")));
        OutboundClient client = outbound.client()) {
      OutboundResponse response = client.send(get("http://two.example:" + receiver.port() + "/"));

      assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("second");
    }
  }

  @Test
  void an_entry_opens_what_it_names_and_nothing_beside() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.ok("")))) {
      int port = receiver.port();
      for (String entry :
          List.of(
              "127.0.0.1:" + port, "127.0.0.1/32:*", "127.0.0.0/8:" + port, "inner.example:*")) {
        TestOutbound outbound = new TestOutbound();
        answer(outbound, "inner.example", "127.0.0.1");
        outbound.allow = List.of(entry);
        try (OutboundClient client = outbound.client()) {
          assertThat(client.send(get("http://inner.example:" + port + "/")).status())
              .as(entry)
              .isEqualTo(200);
        }
      }
      int before = receiver.connections();
      for (String entry :
          List.of(
              "127.0.0.1", // not its port
              "127.0.0.1:" + (port == 1 ? 2 : 1),
              "127.0.0.2:*",
              "127.0.0.2/31:" + port,
              "10.0.0.0/8:*",
              "[::1]:*",
              "other.example:*",
              "example:*")) {
        TestOutbound outbound = new TestOutbound();
        answer(outbound, "inner.example", "127.0.0.1");
        outbound.allow = List.of(entry);
        try (OutboundClient client = outbound.client()) {
          assertThat(fault(client, get("http://inner.example:" + port + "/")).kind())
              .as(entry)
              .isEqualTo(Kind.BLOCKED);
        }
      }
      assertThat(receiver.connections()).isEqualTo(before);
    }
  }

  @Test
  void nothing_opens_addresses_that_are_nobodys() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.allow = List.of("0.0.0.0/0:*", "[::/0]:*");
    try (OutboundClient client = outbound.client()) {
      for (String url :
          List.of(
              "http://0.0.0.0/",
              "http://224.0.0.1/",
              "http://255.255.255.255/",
              "http://[::]/",
              "http://[ff02::1]/")) {
        assertThat(fault(client, get(url)).kind()).as(url).isEqualTo(Kind.BLOCKED);
      }
    }
  }

  @Test
  void an_entry_that_cannot_be_read_ends_the_start() {
    for (String entry :
        List.of(
            "10.0.0.0/33",
            "10.0.0/8",
            "a b",
            "host:0",
            "host:65536",
            "host:",
            "[::1",
            "::1/129",
            "http://x",
            "256.1.1.1",
            "*",
            "[::1]x")) {
      TestOutbound outbound = new TestOutbound();
      outbound.allow = List.of(entry);
      assertThatThrownBy(outbound::client)
          .as(entry)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("clarity.outbound.allow")
          .hasMessageContaining(entry);
    }
  }

  @Test
  void redirects_are_answers_unless_they_are_to_be_followed() throws Exception {
    try (Receiver receiver = Receiver.start(Receiver.always(Receiver.moved(302, "/next")));
        OutboundClient client = new TestOutbound().client()) {
      OutboundResponse response = client.send(get(receiver.url("/")));

      assertThat(response.status()).isEqualTo(302);
      assertThat(response.header("Location")).contains("/next");
      assertThat(receiver.requests).hasSize(1);
    }
  }

  @Test
  void a_redirect_is_checked_like_any_address() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.allow = List.of("127.0.0.2:*");
    answer(outbound, "inner.example", "127.0.0.1");
    try (Receiver forbidden = Receiver.start(Receiver.always(Receiver.ok("secret")));
        OutboundClient client = outbound.client()) {
      int count = 0;
      for (String location :
          List.of(
              forbidden.url("/"),
              "//127.0.0.1:" + forbidden.port() + "/",
              "http://inner.example:" + forbidden.port() + "/",
              "http://2130706433:" + forbidden.port() + "/",
              "http://[::1]/",
              "http://169.254.169.254/",
              "http://u:p@127.0.0.2:" + forbidden.port() + "/",
              "file:///etc/passwd",
              "gopher://127.0.0.2/",
              "javascript:x",
              "http://127.0.0.2:99999/",
              "http://exa mple/",
              "::::")) {
        for (int status : new int[] {301, 302, 303, 307, 308}) {
          try (Receiver receiver =
              Receiver.at("127.0.0.2", 0, Receiver.always(Receiver.moved(status, location)))) {
            OutboundFault fault =
                fault(client, following("http://127.0.0.2:" + receiver.port() + "/"));
            assertThat(fault.kind()).as(location).isIn(Kind.BLOCKED, Kind.REDIRECT);
            assertThat(fault.sent()).as("the first was asked").isTrue();
            assertThat(receiver.requests).hasSize(1);
            count++;
          }
        }
      }
      assertThat(forbidden.connections()).isZero();
      LoggerFactory.getLogger(DestinationsTests.class).warn("hostile redirects: {} refused", count);
    }
  }

  @Test
  void five_redirects_are_followed_and_no_more() throws Exception {
    try (Receiver receiver =
            Receiver.start(
                (socket, in, out) -> {
                  String request = Receiver.readRequest(in);
                  while (request != null) {
                    int step = Integer.parseInt(request.split("[/ ]")[2]);
                    String answer =
                        step == 5 ? Receiver.ok("there") : Receiver.moved(302, "/" + (step + 1));
                    out.write(answer.getBytes(StandardCharsets.US_ASCII));
                    request = Receiver.readRequest(in);
                  }
                });
        OutboundClient client = new TestOutbound().client()) {
      OutboundResponse response = client.send(following(receiver.url("/0")));

      assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("there");
      assertThat(response.finalUrl()).hasToString(receiver.url("/5"));
      assertThat(receiver.requests).hasSize(6);
    }
    try (Receiver loop = Receiver.start(Receiver.always(Receiver.moved(302, "/")));
        OutboundClient client = new TestOutbound().client()) {
      assertThat(fault(client, following(loop.url("/"))).kind()).isEqualTo(Kind.REDIRECT);
      assertThat(loop.requests).hasSize(6);
    }
  }

  @Test
  void another_origin_hears_no_header_that_may_be_a_key_and_the_same_hears_all() throws Exception {
    Header[] headers = {
      new Header("Authorization", "Bearer secret"),
      new Header("Cookie", "a=secret"),
      new Header("X-Api-Key", "secret"),
      new Header("Idempotency-Key", "secret"),
      new Header("Accept", "text/plain")
    };
    try (Receiver other = Receiver.start(Receiver.always(Receiver.ok("")));
        Receiver first = Receiver.start(Receiver.always(Receiver.moved(302, other.url("/"))));
        OutboundClient client = new TestOutbound().client()) {
      client.send(following(first.url("/"), headers));

      assertThat(first.requests.getFirst()).contains("Bearer secret", "X-Api-Key");
      assertThat(other.requests.getFirst())
          .contains("\r\nAccept: text/plain\r\n")
          .doesNotContain("secret");
    }
    try (Receiver same =
            Receiver.start(
                (socket, in, out) -> {
                  Receiver.readRequest(in);
                  out.write(Receiver.moved(307, "/next").getBytes(StandardCharsets.US_ASCII));
                  Receiver.readRequest(in);
                  out.write(Receiver.ok("").getBytes(StandardCharsets.US_ASCII));
                });
        OutboundClient client = new TestOutbound().client()) {
      client.send(following(same.url("/"), headers));

      assertThat(same.requests.getLast()).startsWith("GET /next").contains("Bearer secret");
    }
  }

  @Test
  void a_body_is_handed_to_no_other_origin_and_becomes_a_get_where_the_standard_says_so()
      throws Exception {
    try (Receiver other = Receiver.start(Receiver.always(Receiver.ok("")));
        Receiver moves = Receiver.start(Receiver.always(Receiver.moved(307, other.url("/"))));
        Receiver sees = Receiver.start(Receiver.always(Receiver.moved(303, other.url("/seen"))));
        OutboundClient client = new TestOutbound().client()) {
      OutboundFault fault = fault(client, postFollowing(moves.url("/")));
      assertThat(fault.kind()).isEqualTo(Kind.REDIRECT);
      assertThat(other.connections()).isZero();

      client.send(postFollowing(sees.url("/")));
      assertThat(other.requests.getFirst())
          .startsWith("GET /seen HTTP/1.1")
          .doesNotContain("secret", "Content-Type");
    }
  }

  @Test
  void a_redirect_to_another_query_keeps_the_whole_path() throws Exception {
    Destination first = Destination.of(URI.create("https://example.com/a/list?page=1#top"));

    assertThat(first.following("?page=2").url()).hasToString("https://example.com/a/list?page=2");
    assertThat(first.following("other?x=1").url()).hasToString("https://example.com/a/other?x=1");
  }

  @Test
  void who_is_refused_a_private_address_is_told_both_ways_to_open_it() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.allow = List.of();
    try (OutboundClient client = outbound.client()) {
      OutboundFault refused = fault(client, get("http://10.0.0.1/"));
      assertThat(refused.getMessage())
          .contains("leads to an address that is not public")
          .contains("clarity.outbound.allow (`--allow-outbound` of ./clarity up)");
    }
  }

  @Test
  void an_own_address_is_refused_though_it_is_public_unless_it_is_opened() throws Exception {
    TestOutbound outbound = new TestOutbound();
    outbound.allow = List.of();
    outbound.own = Set.of(InetAddress.ofLiteral("2000::1"));
    outbound.names.put("me.example", List.<String[]>of(new String[] {"2000::1"}));
    try (OutboundClient client = outbound.client()) {
      for (String url : List.of("http://[2000::1]/", "http://me.example/")) {
        OutboundFault refused = fault(client, get(url));
        assertThat(refused.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(refused.getMessage())
            .contains("leads to this server itself")
            .contains("clarity.outbound.allow (`--allow-outbound` of ./clarity up)");
      }
    }
    Reach opened = new Reach(List.of(80), List.of("2000::1"), new OwnAddresses(() -> outbound.own));
    opened.check(
        Destination.of(URI.create("http://[2000::1]/")), List.of(InetAddress.ofLiteral("2000::1")));
    assertThat(OwnAddresses.ofSystem()).contains(InetAddress.ofLiteral("127.0.0.1"));
  }

  @Test
  void a_redirect_from_https_to_http_is_not_followed() throws Exception {
    TestTls tls = new TestTls();
    TestOutbound outbound = new TestOutbound();
    outbound.trust = tls.trusting();
    answer(outbound, "safe.example", "127.0.0.1");
    try (Receiver plain = Receiver.start(Receiver.always(Receiver.ok("")));
        Receiver safe =
            Receiver.tls(
                tls.server("safe.example", 10),
                Receiver.always(Receiver.moved(302, plain.url("/"))));
        OutboundClient client = outbound.client()) {
      OutboundFault fault = fault(client, following("https://safe.example:" + safe.port() + "/"));

      assertThat(fault.kind()).isEqualTo(Kind.REDIRECT);
      assertThat(plain.connections()).isZero();
    }
  }

  private static OutboundRequest postFollowing(String url) {
    return new OutboundRequest(
        TestOutbound.TENANT,
        "POST",
        URI.create(url),
        List.of(new Header("Content-Type", "text/plain")),
        "secret".getBytes(StandardCharsets.US_ASCII),
        Duration.ofSeconds(20),
        1000,
        true);
  }

  private static void answer(TestOutbound outbound, String name, String... addresses) {
    outbound.names.put(name, new ArrayList<>(List.<String[]>of(addresses)));
  }

  /// The same port on IPv6, where the machine has it.
  private static Receiver six(int port) throws IOException {
    try (ServerSocket _ = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
      return Receiver.at("::1", port, Receiver.always(Receiver.ok("secret")));
    } catch (IOException none) {
      return Receiver.start(Receiver.always(""));
    }
  }
}
