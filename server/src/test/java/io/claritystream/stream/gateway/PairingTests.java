package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.ApiClient;
import io.claritystream.protocol.identity.LinkHeaders;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PairResponse;
import io.claritystream.stream.source.PlatformAuthority;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PairingTests {
  private static TestLink link;

  @BeforeAll
  static void begin() {
    link = TestLink.start();
  }

  @AfterAll
  static void end() {
    link.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "press\\u202eline",
        "\\u200b",
        "press\\u0085line",
        "press\\u0000line",
        "press\\ud800line",
        " ",
        "",
        "a\\nb"
      })
  void anAgentIsNotNamedByWhatCannotBeSeen(String name) {
    ApiClient.Answer refused =
        link.person.post("/v1/agents/pairing-codes", "{\"name\":\"" + name + "\"}");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text("code")).isEqualTo("validation_failed");
    assertThat(refused.body().at("/errors/0/pointer").asString()).isEqualTo("/name");
  }

  @Test
  void aCodePairsAnAgentWithACertificateOfTheTenantForADay() {
    ApiClient.Answer made =
        link.person.post("/v1/agents/pairing-codes", Map.of("name", "Press line 3"));
    assertThat(made.status()).isEqualTo(201);
    assertThat(made.text("command"))
        .isEqualTo(
            "./clarity agent pair " + made.text("code") + " --server https://localhost:1234");
    String state = "/v1/agents/pairing-codes/" + made.text("id");
    assertThat(link.person.get(state).text("state")).isEqualTo("waiting");

    try (TestAgent agent = new TestAgent(link.edge.port())) {
      PairResponse paired = agent.pair(PairingCode.parse(made.text("code")).orElseThrow());

      assertThat(PeerIdentity.of(agent.certificate()))
          .hasValueSatisfying(
              identity -> {
                assertThat(identity).isInstanceOf(PeerIdentity.Agent.class);
                assertThat(((PeerIdentity.Agent) identity).agentId())
                    .hasToString(paired.getAgentId());
              });
      assertThat(Instant.ofEpochMilli(paired.getCertificate().getNotAfterMs()))
          .isBetween(
              Instant.now().plus(Duration.ofHours(23)), Instant.now().plus(Duration.ofHours(25)));
      ApiClient.Answer used = link.person.get(state);
      assertThat(used.text("state")).isEqualTo("used");
      assertThat(used.text("agent_id")).isEqualTo(paired.getAgentId());
      ApiClient.Answer shown = link.person.get("/v1/agents/" + paired.getAgentId());
      assertThat(shown.text("name")).isEqualTo("Press line 3");
      assertThat(shown.text("state")).isEqualTo("offline");
      assertThat(audited("agent.paired", paired.getAgentId())).isEqualTo(1);
    }
  }

  @Test
  void aCodePairsOnce() {
    PairingCode code = link.pairingCode();
    try (TestAgent first = new TestAgent(link.edge.port());
        TestAgent second = new TestAgent(link.edge.port())) {
      first.pair(code);
      assertRefused(Status.Code.FAILED_PRECONDITION, "used already", () -> second.pair(code));
    }
  }

  @Test
  void anExpiredCodePairsNobody() {
    PairingCode code = link.pairingCode();
    link.server
        .database()
        .superuser()
        .sql(
            "UPDATE control.pairing_code SET expires_at = now() - interval '1 second'"
                + " WHERE secret_hash = :hash")
        .param("hash", code.secretHash())
        .update();
    try (TestAgent agent = new TestAgent(link.edge.port())) {
      assertRefused(Status.Code.FAILED_PRECONDITION, "has expired", () -> agent.pair(code));
    }
  }

  @Test
  void aSecretThatNobodyMadePairsNobody() {
    PairingCode code = new PairingCode("0".repeat(16), link.pairingCode().fingerprint());
    try (TestAgent agent = new TestAgent(link.edge.port())) {
      assertRefused(Status.Code.NOT_FOUND, "No such pairing code", () -> agent.pair(code));
    }
  }

  @Test
  void anAgentSaysNoSecretToAnAuthorityThatTheCodeDoesNotName() {
    PairingCode code = new PairingCode(link.pairingCode().secret(), "0".repeat(16));
    try (TestAgent agent = new TestAgent(link.edge.port())) {
      assertRefused(Status.Code.UNAVAILABLE, "", () -> agent.pair(code));
    }
  }

  @Test
  void aKeyWithoutProofOfItsPrivateHalfIsRefused() {
    PairingCode code = link.pairingCode();
    try (TestAgent agent = new TestAgent(link.edge.port())) {
      byte[] ofAnotherCode = agent.proof("clarity-pair-v1", "0".repeat(16));
      assertRefused(
          Status.Code.INVALID_ARGUMENT, "proof is wrong", () -> agent.pair(code, ofAnotherCode));
      agent.pair(code);
    }
  }

  @Test
  void withoutACertificateOnlyPairPasses() {
    try (TestAgent stranger = new TestAgent(link.edge.port())) {
      stranger.trust(link.authority().certificate());
      assertRefused(Status.Code.UNAUTHENTICATED, "certificate", () -> stranger.register("plant"));
      try (TestAgent.Stream stream = stranger.stream(UUID.randomUUID().toString())) {
        assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
      }
    }
  }

  @Test
  void aCertificateOfAForeignAuthorityIsNotAccepted() {
    try (TestLink elsewhere = TestLink.start();
        TestAgent theirs = elsewhere.pairedAgent();
        TestAgent here = new TestAgent(link.edge.port())) {
      here.showing(theirs.key(), List.of(theirs.certificate()))
          .trust(link.authority().certificate());
      assertRefused(Status.Code.UNAVAILABLE, "", () -> here.register("plant"));
    }
  }

  @Test
  void anExpiredCertificateIsNotAccepted() {
    KeyPair key = PlatformAuthority.newKey();
    var expired =
        Certificates.expired(
            link.server,
            new PeerIdentity.Agent(UUID.randomUUID(), UUID.randomUUID()),
            key.getPublic());
    try (TestAgent agent = new TestAgent(link.edge.port())) {
      agent.showing(key, expired.chain()).trust(link.authority().certificate());
      assertRefused(Status.Code.UNAVAILABLE, "", () -> agent.register("plant"));
    }
  }

  @Test
  void theGatewayItselfAdmitsNoAgent() {
    try (TestAgent agent = link.pairedAgent();
        TestAgent direct = new TestAgent(link.gatewayPort())) {
      direct
          .showing(agent.key(), List.of(agent.certificate()))
          .trust(link.authority().certificate());
      assertRefused(Status.Code.UNAVAILABLE, "", () -> direct.register("plant"));
    }
  }

  @Test
  void whatAnAgentSaysOfItselfInHeadersIsDropped() {
    try (TestAgent victim = link.pairedAgent();
        TestAgent forger = link.pairedAgent()) {
      String source = victim.register("plant").getSourceId();
      forger.intercepted(
          sending(
              Map.of(
                  LinkHeaders.AGENT.name(),
                  victim.agentId(),
                  LinkHeaders.PEER.name(),
                  "203.0.113.9",
                  "clarity-anything",
                  "else")));
      try (TestAgent.Stream stream = forger.stream(source)) {
        assertThat(stream.open().getRefused().getCode()).isEqualTo("unknown_source");
      }
      assertThat(forger.register("plant").getSourceId()).isNotEqualTo(source);
    }
  }

  /// The edge would end the call by itself, so the test stands in its place.
  @Test
  void aStreamThatBeginsWhileItsAgentIsRevokedEnds() throws Exception {
    var key = PlatformAuthority.newKey();
    var edge =
        link.authority().issueEdge(new PeerIdentity.Edge("in-its-place"), key.getPublic()).chain();
    String tenant = link.person.get("/v1/me").text("organization.id");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 8; round++) {
        try (TestAgent agent = link.pairedAgent();
            TestAgent direct = new TestAgent(link.gatewayPort())) {
          String source = agent.register("raced").getSourceId();
          direct.showing(key, edge).trust(link.authority().certificate());
          direct.intercepted(
              sending(
                  Map.of(
                      LinkHeaders.TENANT.name(),
                      tenant,
                      LinkHeaders.AGENT.name(),
                      agent.agentId())));
          direct.register("raced");
          try (TestAgent.Stream stream = direct.stream(source)) {
            var both = new CyclicBarrier(2);
            var revoked =
                threads.submit(
                    () -> {
                      both.await();
                      return link.person
                          .post("/v1/agents/" + agent.agentId() + "/revoke", Map.of())
                          .status();
                    });
            both.await();
            if (round % 2 == 0) {
              assertThat(revoked.get()).isEqualTo(200);
            }
            stream.hello(Hello.newBuilder().setEpoch(1).setFirstSeq(1));
            assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(revoked.get()).isEqualTo(200);
          }
        }
      }
    }
  }

  @Test
  void anAgentRenewsItsCertificateOverANewKey() {
    try (TestAgent agent = link.pairedAgent()) {
      var before = agent.certificate();
      agent.renew();
      assertThat(agent.certificate().getPublicKey()).isNotEqualTo(before.getPublicKey());
      assertThat(agent.certificate().getSerialNumber()).isNotEqualTo(before.getSerialNumber());
      assertThat(agent.register("plant").getSourceId()).isNotEmpty();
      assertThat(link.person.get("/v1/agents/" + agent.agentId()).text("version"))
          .isEqualTo("0.1.1");
    }
  }

  @Test
  void aSourceIsFoundAgainByItsNameAndKeepsItsDatabase() {
    try (TestAgent agent = link.pairedAgent()) {
      // Of names that no test's revoked agent had.
      String first = agent.register("hall", "7/hall").getSourceId();
      String second = agent.register("store", "7/store").getSourceId();
      assertThat(agent.register("hall", "7/hall").getSourceId()).isEqualTo(first);
      assertThat(partition(first)).isNotEqualTo(partition(second));
      assertRefused(
          Status.Code.FAILED_PRECONDITION,
          "another database",
          () -> agent.register("hall", "8/other"));
    }
  }

  @Test
  void aRevokedAgentIsTurnedAwayAndItsLiveStreamEnds() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("plant").getSourceId();
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        ApiClient.Answer revoked =
            link.person.post("/v1/agents/" + agent.agentId() + "/revoke", Map.of());
        assertThat(revoked.text("state")).isEqualTo("revoked");
        assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
      }
      assertRefused(Status.Code.PERMISSION_DENIED, "revoked", () -> agent.register("plant"));
      assertRefused(Status.Code.PERMISSION_DENIED, "revoked", agent::renew);
      assertThat(audited("agent.revoked", agent.agentId())).isEqualTo(1);
    }
  }

  @Test
  void anAgentThatIsPairedAnewGoesOnWithItsSourcesOnceItsFormerSelfCannotSpeak() {
    try (TestAgent former = link.pairedAgent();
        TestAgent early = link.pairedAgent();
        TestAgent anew = link.pairedAgent();
        TestAgent later = link.pairedAgent()) {
      String source = former.register("bottling", "9/bottling").getSourceId();
      assertThat(early.register("bottling", "9/bottling").getSourceId())
          .as("the one that has it can still speak")
          .isNotEqualTo(source);

      link.person.post("/v1/agents/" + former.agentId() + "/revoke", Map.of());
      assertThat(anew.register("bottling", "9/another").getSourceId())
          .as("another database")
          .isNotEqualTo(source);
      assertThat(later.register("bottling", "9/bottling").getSourceId()).isEqualTo(source);
      assertThat(link.person.get("/v1/sources/" + source).text("agent_id"))
          .isEqualTo(later.agentId());
      assertThat(audited("source.moved", source)).isEqualTo(1);
      try (TestAgent.Stream stream = later.stream(source)) {
        assertThat(stream.open().hasWelcome()).isTrue();
      }

      expire(later);
      try (TestAgent last = link.pairedAgent()) {
        assertThat(last.register("bottling", "9/bottling").getSourceId()).isEqualTo(source);
        assertThat(last.register("bottling", "9/bottling").getSourceId()).isEqualTo(source);
      }
      assertThat(audited("source.moved", source)).isEqualTo(2);
    }
  }

  @Test
  void aSourceIsNeverInheritedFromAnotherWorkspace() {
    ApiClient other = link.server.client().register("heir@example.com").client();
    ApiClient.Answer made = other.post("/v1/agents/pairing-codes", Map.of());
    try (TestAgent former = link.pairedAgent();
        TestAgent stranger = new TestAgent(link.edge.port())) {
      String source = former.register("filling", "9/filling").getSourceId();
      link.person.post("/v1/agents/" + former.agentId() + "/revoke", Map.of());
      stranger.pair(PairingCode.parse(made.text("code")).orElseThrow());
      assertThat(stranger.register("filling", "9/filling").getSourceId()).isNotEqualTo(source);
    }
  }

  private static void expire(TestAgent agent) {
    link.server
        .database()
        .superuser()
        .sql(
            "UPDATE control.agent SET certificate_expires_at = now() - interval '1 second'"
                + " WHERE agent_id = CAST(:agent AS uuid)")
        .param("agent", agent.agentId())
        .update();
  }

  @Test
  void anotherWorkspaceSeesNothingOfIt() {
    ApiClient other = link.server.client().register("other@example.com").client();
    ApiClient.Answer made = link.person.post("/v1/agents/pairing-codes", Map.of());
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("plant").getSourceId();
      assertThat(other.get("/v1/agents").body().get("data")).isEmpty();
      assertThat(other.get("/v1/sources").body().get("data")).isEmpty();
      assertThat(other.get("/v1/agents/" + agent.agentId()).status()).isEqualTo(404);
      assertThat(other.get("/v1/sources/" + source).status()).isEqualTo(404);
      assertThat(other.get("/v1/sources/" + source + "/tables").status()).isEqualTo(404);
      assertThat(other.post("/v1/agents/" + agent.agentId() + "/revoke", Map.of()).status())
          .isEqualTo(404);
      assertThat(other.get("/v1/agents/pairing-codes/" + made.text("id")).status()).isEqualTo(404);
      assertThat(link.person.get("/v1/sources/" + source).text("state")).isEqualTo("offline");
      assertThat(link.person.get("/v1/sources/" + source + "/tables").body().get("data")).isEmpty();
    }
  }

  private static int partition(String source) {
    return link.server
        .database()
        .superuser()
        .sql("SELECT partition FROM control.source WHERE source_id = :source")
        .param("source", UUID.fromString(source))
        .query(Integer.class)
        .single();
  }

  private static int audited(String action, String subject) {
    return link.server
        .database()
        .superuser()
        .sql("SELECT count(*) FROM control.audit_log WHERE action = :action AND subject_id = :id")
        .param("action", action)
        .param("id", subject)
        .query(Integer.class)
        .single();
  }

  private static void assertRefused(Status.Code code, String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            failure -> {
              assertThat(failure.getStatus().getCode()).as("%s", failure).isEqualTo(code);
              assertThat(failure.getMessage()).contains(message);
            });
  }

  private static ClientInterceptor sending(Map<String, String> headers) {
    return new ClientInterceptor() {
      @Override
      public <Q, A> ClientCall<Q, A> interceptCall(
          MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        return new ForwardingClientCall.SimpleForwardingClientCall<>(
            next.newCall(method, options)) {
          @Override
          public void start(Listener<A> listener, Metadata metadata) {
            headers.forEach(
                (name, value) ->
                    metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
            super.start(listener, metadata);
          }
        };
      }
    };
  }
}
