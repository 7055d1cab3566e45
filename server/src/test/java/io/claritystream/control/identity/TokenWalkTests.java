package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import io.claritystream.base.http.RouteTable;
import io.claritystream.base.http.RouteTable.Route;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Every route that needs a sign-in, with everything that is none: they are refused alike, and by
/// the answer nobody can tell what was wrong, save that a token of ours was too old.
class TokenWalkTests {
  private static final JOSEObjectType TYPE = new JOSEObjectType("at+jwt");
  private static final int RSA_BITS = 2_048;

  private static TestServer server;
  private static List<Route> routes;
  private static Registered person;
  private static Registered other;
  private static ECKey key;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "clarity.identity.refreshes-by-address", "100000",
                "logging.level.io.claritystream", "ERROR"));
    routes = RouteTable.closed(server);
    person = server.client().register("token@example.com");
    other = server.client().register("other@example.com");
    key = server.bean(SigningKeys.class).current();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void whatever_is_no_token_of_a_session_is_refused_at_every_route_alike() throws Exception {
    assertThat(server.client().bearer(signed(claims(), TYPE, key)).get("/v1/me").status())
        .as("a token that is made here as these are, and right")
        .isEqualTo(200);
    Map<String, String> tokens = refused();
    String expired = signed(claims().expirationTime(ago(1)), TYPE, key);
    Map<String, String> shapes = new LinkedHashMap<>();
    List<String> wrong = new ArrayList<>();
    for (Route route : routes) {
      String path = path(route);
      String nothing = refusal(server.client(), route, path);
      // Of a stream the head is asked for, which has no body.
      if (!route.streams()) {
        shapes.put(nothing, route.toString());
      }
      tokens.forEach(
          (name, token) -> {
            String refusal = refusal(server.client().bearer(token), route, path);
            if (!refusal.equals(nothing)) {
              wrong.add(name + " at " + route + ": " + refusal);
            }
          });
      String late = refusal(server.client().bearer(expired), route, path);
      if (!late.startsWith("401 Bearer ")
          || !route.streams() && !late.contains("\"code\":\"token_expired\"")) {
        wrong.add("expired at " + route + ": " + late);
      }
    }
    RouteTable.counted("tokens", routes.size() * (tokens.size() + 2), routes.size());
    assertThat(wrong).isEmpty();
    assertThat(shapes).as("ways to refuse").hasSize(1);
    assertThat(shapes.keySet().iterator().next())
        .startsWith("401 Bearer ")
        .contains("\"code\":\"unauthenticated\"");
  }

  @Test
  void a_refresh_token_that_comes_again_ends_all_that_came_of_it_at_every_route() {
    Registered robbed = server.client().register("robbed@example.com");
    Answer second = refresh(robbed.refreshToken());
    String next = second.text("refresh_token");
    assertThat(second.status()).isEqualTo(200);
    assertThat(server.client().bearer(second.text("access_token")).get("/v1/me").status())
        .isEqualTo(200);

    Answer again = refresh(robbed.refreshToken());

    assertThat(again.status()).isEqualTo(401);
    assertThat(again.text("code")).isEqualTo("unauthenticated");
    assertThat(shape(refresh(next))).isEqualTo(shape(refresh("never was one")));
    for (Route route : routes) {
      String path = path(route);
      String nothing = refusal(server.client(), route, path);
      for (String token : List.of(robbed.accessToken(), second.text("access_token"), next)) {
        assertThat(refusal(server.client().bearer(token), route, path))
            .as(route.toString())
            .isEqualTo(nothing);
      }
    }
    RouteTable.counted("tokens of a session that was ended", routes.size() * 3, routes.size());
  }

  /// By what they are; all but those that are too old.
  private static Map<String, String> refused() throws Exception {
    ECKey foreign = new ECKeyGenerator(Curve.P_256).keyID(key.getKeyID()).generate();
    ECKey unknown = new ECKeyGenerator(Curve.P_256).keyID("unknown").generate();
    String good = signed(claims(), TYPE, key);
    String[] parts = good.split("\\.");
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put("empty", "");
    tokens.put("no token", "x");
    tokens.put("of three dots", "...");
    tokens.put("not yet good", signed(claims().notBeforeTime(ago(-600)), TYPE, key));
    tokens.put("for nobody", signed(claims().audience((String) null), TYPE, key));
    tokens.put("for somebody else", signed(claims().audience("maestro"), TYPE, key));
    tokens.put("by somebody else", signed(claims().issuer("https://evil.example"), TYPE, key));
    tokens.put("for ever", signed(claims().expirationTime(null), TYPE, key));
    tokens.put("of another type", signed(claims(), JOSEObjectType.JWT, key));
    tokens.put("of a foreign key under our name", signed(claims(), TYPE, foreign));
    tokens.put("of an unknown key", signed(claims(), TYPE, unknown));
    tokens.put(
        "of a foreign key, and too old", signed(claims().expirationTime(ago(1)), TYPE, foreign));
    tokens.put(
        "of a foreign key that it brings along",
        signed(
            claims(),
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(TYPE)
                .keyID(key.getKeyID())
                .jwk(foreign.toPublicJWK())
                .build(),
            new ECDSASigner(foreign)));
    tokens.put("signed by nobody", none("none", claims().build()) + ".");
    tokens.put("signed by nobody, and cut", none("none", claims().build()));
    tokens.put("signed by Nobody", none("None", claims().build()) + ".");
    tokens.put("signed by nobody, and too old", none("none", late()) + ".");
    tokens.put(
        "signed with the published key as a secret",
        mac(key.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8)));
    tokens.put(
        "signed with the published key's bytes as a secret", mac(key.toECPublicKey().getEncoded()));
    tokens.put(
        "signed in another way",
        signed(
            claims(),
            new JWSHeader.Builder(JWSAlgorithm.RS256).type(TYPE).keyID(key.getKeyID()).build(),
            new RSASSASigner(new RSAKeyGenerator(RSA_BITS).generate())));
    tokens.put("of a signature of zeros", parts[0] + "." + parts[1] + "." + "A".repeat(86));
    tokens.put("cut", good.substring(0, good.length() - 8));
    tokens.put("cut in half", good.substring(0, good.length() / 2));
    tokens.put("with more behind it", good + "AAAA");
    tokens.put(
        "with other claims under the same signature",
        parts[0]
            + "."
            + base64(claims().claim("tenant_id", other.organizationId()).build().toString())
            + "."
            + parts[2]);
    tokens.put(
        "of another tenant",
        signed(claims().claim("tenant_id", other.organizationId()), TYPE, key));
    tokens.put("of no tenant", signed(claims().claim("tenant_id", null), TYPE, key));
    tokens.put("of a word for a tenant", signed(claims().claim("tenant_id", "all"), TYPE, key));
    tokens.put(
        "of another person",
        signed(claims().subject(other.session().at("/user/id").asString()), TYPE, key));
    tokens.put(
        "of another's session",
        signed(
            claims()
                .claim(
                    "sid", SignedJWT.parse(other.accessToken()).getJWTClaimsSet().getClaim("sid")),
            TYPE,
            key));
    tokens.put(
        "of no session", signed(claims().claim("sid", UUID.randomUUID().toString()), TYPE, key));
    tokens.put("of no role", signed(claims().claim("role", "root"), TYPE, key));
    tokens.put("to refresh with", person.refreshToken());
    return tokens;
  }

  private static Answer refresh(String token) {
    return server.client().post("/v1/auth/refresh", Map.of("refresh_token", token));
  }

  private static String path(Route route) {
    return route.path(
        variable -> UUID.nameUUIDFromBytes(variable.getBytes(StandardCharsets.UTF_8)).toString());
  }

  private static String refusal(ApiClient client, Route route, String path) {
    return shape(client.send(route.verb(), path, null));
  }

  /// All that an answer says, but for the name of this one.
  private static String shape(Answer answer) {
    return answer.status()
        + " "
        + answer.header("WWW-Authenticate")
        + " "
        + answer.response().body().replaceAll("urn:uuid:[0-9a-f-]+", "");
  }

  private static JWTClaimsSet.Builder claims() throws Exception {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder(SignedJWT.parse(person.accessToken()).getJWTClaimsSet())
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(600)));
  }

  private static JWTClaimsSet late() throws Exception {
    return claims().expirationTime(ago(1)).build();
  }

  private static Date ago(int seconds) {
    return Date.from(Instant.now().minusSeconds(seconds));
  }

  private static String signed(JWTClaimsSet.Builder claims, JOSEObjectType type, ECKey by)
      throws Exception {
    return signed(
        claims,
        new JWSHeader.Builder(JWSAlgorithm.ES256).type(type).keyID(by.getKeyID()).build(),
        new ECDSASigner(by));
  }

  private static String signed(JWTClaimsSet.Builder claims, JWSHeader header, JWSSigner signer)
      throws Exception {
    SignedJWT token = new SignedJWT(header, claims.build());
    token.sign(signer);
    return token.serialize();
  }

  private static String mac(byte[] secret) throws Exception {
    return signed(
        claims(),
        new JWSHeader.Builder(JWSAlgorithm.HS256).type(TYPE).keyID(key.getKeyID()).build(),
        new MACSigner(secret));
  }

  private static String none(String algorithm, JWTClaimsSet claims) {
    String header =
        "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}".formatted(algorithm, key.getKeyID());
    return base64(header) + "." + base64(claims.toString());
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
