package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AccessTokenTests {

  private static TestServer server;
  private static Registered person;
  private static ECKey key;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    person = server.client().register("token@example.com");
    key = server.bean(SigningKeys.class).current();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void a_token_is_signed_by_a_published_key_and_lasts_ten_minutes() throws Exception {
    SignedJWT token = SignedJWT.parse(person.accessToken());
    JWKSet keys = JWKSet.parse(server.client().get("/.well-known/jwks.json").response().body());

    assertThat(token.getHeader().getAlgorithm()).isEqualTo(JWSAlgorithm.ES256);
    assertThat(keys.getKeyByKeyId(token.getHeader().getKeyID())).isNotNull();
    assertThat(keys.getKeys()).noneMatch(com.nimbusds.jose.jwk.JWK::isPrivate);
    JWTClaimsSet claims = token.getJWTClaimsSet();
    assertThat(claims.getAudience()).containsExactly("clarity");
    assertThat(claims.getClaims())
        .containsKeys("iss", "sub", "tenant_id", "role", "sid", "jti", "iat", "exp");
    assertThat(claims.getExpirationTime().getTime() - claims.getIssueTime().getTime())
        .isEqualTo(600_000);
  }

  @Test
  void the_same_claims_signed_again_by_us_are_good() throws Exception {
    assertThat(status(signed(claims().build(), key))).isEqualTo(200);
  }

  @Test
  void a_token_without_signature_is_refused() throws Exception {
    String header =
        base64("{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"" + key.getKeyID() + "\"}");
    String body = base64(claims().build().toString());

    assertThat(status(header + "." + body + ".")).isEqualTo(401);
    assertThat(status(header + "." + body)).isEqualTo(401);
  }

  @Test
  void a_token_signed_by_another_key_is_refused_even_under_our_key_id() throws Exception {
    ECKey other = new ECKeyGenerator(Curve.P_256).keyID(key.getKeyID()).generate();

    assertThat(status(signed(claims().build(), other))).isEqualTo(401);
    assertThat(
            status(
                signed(
                    claims().build(), new ECKeyGenerator(Curve.P_256).keyID("other").generate())))
        .isEqualTo(401);
  }

  @Test
  void the_public_key_does_not_serve_as_a_shared_secret() throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(key.getKeyID())
                .build(),
            claims().build());
    token.sign(new MACSigner(key.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8)));

    assertThat(status(token.serialize())).isEqualTo(401);
  }

  @Test
  void an_expired_token_says_so() throws Exception {
    Answer answer =
        server
            .client()
            .bearer(
                signed(
                    claims().expirationTime(Date.from(Instant.now().minusSeconds(1))).build(), key))
            .get("/v1/me");

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.text("code")).isEqualTo("token_expired");
  }

  @Test
  void a_token_that_was_good_a_moment_ago_says_when_it_is_not_any_more() throws Exception {
    String token =
        signed(claims().expirationTime(Date.from(Instant.now().plusSeconds(3))).build(), key);
    assertThat(status(token)).isEqualTo(200);
    assertThat(status(token)).isEqualTo(200);
    assertThat(status(token.substring(0, token.length() - 4) + "AAAA")).isEqualTo(401);

    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(server.client().bearer(token).get("/v1/me").text("code"))
                    .isEqualTo("token_expired"));
  }

  @Test
  void a_token_for_somebody_else_or_by_somebody_else_is_refused() throws Exception {
    assertThat(status(signed(claims().audience("maestro").build(), key))).isEqualTo(401);
    assertThat(status(signed(claims().issuer("https://evil.example").build(), key))).isEqualTo(401);
    assertThat(status(signed(claims().expirationTime(null).build(), key))).isEqualTo(401);
  }

  @Test
  void a_token_must_be_an_access_token() throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(JOSEObjectType.JWT)
                .keyID(key.getKeyID())
                .build(),
            claims().build());
    token.sign(new ECDSASigner(key));

    assertThat(status(token.serialize())).isEqualTo(401);
  }

  @Test
  void a_session_gives_its_own_tenant_and_person_only() throws Exception {
    Registered other = server.client().register("other-tenant@example.com");

    assertThat(status(signed(claims().claim("tenant_id", other.organizationId()).build(), key)))
        .isEqualTo(401);
    assertThat(
            status(
                signed(claims().subject(other.session().at("/user/id").asString()).build(), key)))
        .isEqualTo(401);
    assertThat(status(signed(claims().claim("sid", UUID.randomUUID().toString()).build(), key)))
        .isEqualTo(401);
  }

  @Test
  void the_role_is_the_databases_and_not_the_tokens() throws Exception {
    Registered viewer = server.client().register("claims-more@example.com");
    server
        .database()
        .superuser()
        .sql("UPDATE control.members SET role = 'viewer' WHERE tenant_id = CAST(:id AS uuid)")
        .param("id", viewer.organizationId())
        .update();

    assertThat(viewer.client().get("/v1/audit").status()).isEqualTo(403);
  }

  @Test
  void whatever_else_is_sent_as_a_token_is_refused() {
    for (String token :
        new String[] {"x", "a.b.c", "..", "x".repeat(6_000), person.accessToken() + "x"}) {
      assertThat(status(token)).as(token).isEqualTo(401);
    }
    assertThat(server.client().with("Authorization", "Basic YTpi").get("/v1/me").status())
        .isEqualTo(401);
    assertThat(server.client().get("/v1/me?access_token=" + person.accessToken()).status())
        .isEqualTo(401);
  }

  @Test
  void signing_keys_lie_encrypted_in_the_database() {
    byte[] stored =
        server
            .database()
            .superuser()
            .sql("SELECT encrypted FROM control.platform_key WHERE purpose = 'token-signing'")
            .query(byte[].class)
            .single();

    assertThat(new String(stored, StandardCharsets.ISO_8859_1))
        .doesNotContain("\"d\"")
        .doesNotContain(key.getX().toString());
  }

  private static JWTClaimsSet.Builder claims() throws Exception {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder(SignedJWT.parse(person.accessToken()).getJWTClaimsSet())
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(60)));
  }

  private static String signed(JWTClaimsSet claims, ECKey by) throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(by.getKeyID())
                .build(),
            claims);
    token.sign(new ECDSASigner(by));
    return token.serialize();
  }

  private static int status(String token) {
    return server.client().bearer(token).get("/v1/me").status();
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
