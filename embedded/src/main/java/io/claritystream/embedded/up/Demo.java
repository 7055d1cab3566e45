package io.claritystream.embedded.up;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import io.claritystream.embedded.StartFailedException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The demo: a customer with a PostgreSQL of its own, a plant that writes to it, and an agent.
///
/// It takes no short cut: its owner registers, pairs the agent and adds the source as any customer
/// does, through the public API and the agent's command line. Each step that was done is noted and
/// not done again.
final class Demo {
  static final String EMAIL = "demo@clarity.example";
  static final String WORKSPACE = "Northgate Bottling";
  private static final String DATABASE = "plant";
  private static final String SOURCE = "bottling-plant";
  private static final Duration ONE_OFF_PATIENCE = Duration.ofMinutes(2);
  private static final Pattern EXPIRY = Pattern.compile("\"certificate_expires_at\":\"([^\"]+)\"");

  private final DataDirectory data;
  private final Programs programs;
  private final LogFile agentLog;

  Demo(DataDirectory data, Programs programs, LogFile agentLog) {
    this.data = data;
    this.programs = programs;
    this.agentLog = agentLog;
    data.privateDirectory("demo/agent");
  }

  Ready.DemoSignIn signIn() {
    return new Ready.DemoSignIn(
        EMAIL, data.password("demo/password"), data.path("demo/password").toString());
  }

  PostgresSettings customerSettings(int port) {
    return PostgresSettings.of(data.path("demo/customer"), PostgresSettings.Purpose.CUSTOMER)
        .withPort(port);
  }

  /// Makes the customer's database with two roles: one that the plant writes as and that owns the
  /// tables, one that the agent reads as.
  void prepareCustomer(Postgres customer) {
    if (data.read("demo/customer.prepared").isPresent()) {
      return;
    }
    String owner = data.password("demo/plant.password");
    String reader = data.password("demo/reader.password");
    try {
      if (!PlatformDatabase.Sql.exists(
          customer, "SELECT 1 FROM pg_roles WHERE rolname = 'plant_owner'")) {
        PlatformDatabase.Sql.run(
            customer,
            "postgres",
            """
            CREATE ROLE plant_owner LOGIN;
            CREATE ROLE clarity_reader LOGIN REPLICATION IN ROLE plant_owner;
            """);
      }
      PlatformDatabase.Sql.run(
          customer,
          "postgres",
          "ALTER ROLE plant_owner PASSWORD '%s'; ALTER ROLE clarity_reader PASSWORD '%s'"
              .formatted(owner, reader));
      if (!PlatformDatabase.Sql.exists(
          customer, "SELECT 1 FROM pg_database WHERE datname = 'plant'")) {
        PlatformDatabase.Sql.run(
            customer, "postgres", "CREATE DATABASE plant OWNER plant_owner TEMPLATE template0");
      }
    } catch (SQLException e) {
      throw new StartFailedException("The demo's database could not be made: " + e.getMessage(), e);
    }
    data.writePrivate("demo/customer.prepared", "yes\n");
  }

  Launch plant(Postgres customer) {
    List<String> command =
        programs.plant(
            List.of(
                "--jdbc",
                customer.jdbcUrl(DATABASE),
                "--user",
                "plant_owner",
                "--password-file",
                data.path("demo/plant.password").toString(),
                "--seed",
                "7"));
    return Launch.of("plant", data.path("demo"), command).withEnvironment(Programs.ENVIRONMENT);
  }

  Launch agent() {
    return agent(List.of("run", "--json"));
  }

  /// Whether the agent says in this line that it captures and nothing keeps it from sending.
  static boolean streams(String line) {
    return line.startsWith("{")
        && line.contains("\"event\":\"source\"")
        && line.contains("\"state\":\"streaming\"")
        && line.contains("\"trouble\":\"\"");
  }

  private Launch agent(List<String> arguments) {
    Map<String, String> environment = new HashMap<>(Programs.ENVIRONMENT);
    environment.put("HOME", data.path("demo").toString());
    return Launch.of("agent", data.path("demo"), programs.agent(agentData(), arguments))
        .withEnvironment(environment);
  }

  private Path agentData() {
    return data.path("demo/agent");
  }

  /// Registers the demo's owner; afterwards a person can sign in.
  void register(Http server) {
    if (data.read("demo/registered").isPresent()) {
      return;
    }
    accessToken(server);
    data.writePrivate("demo/registered", "yes\n");
  }

  /// Pairs the agent and adds the customer's database as its source.
  void connect(Http server, Postgres customer) {
    if (data.read("demo/paired").isEmpty() || expired()) {
      pair(server);
      data.writePrivate("demo/paired", "yes\n");
    }
    // Only where something else took the port meanwhile is the source added at another address.
    if (data.read("demo/source").filter(Integer.toString(customer.port())::equals).isEmpty()) {
      addSource(customer);
      data.writePrivate("demo/source", customer.port() + "\n");
    }
  }

  /// An agent that was off for longer than its certificate lives cannot renew it any more. One that
  /// cannot say how long that is has never run, and is none to keep.
  private boolean expired() {
    Child child = oneOff(List.of("status", "--json"), "say how it stands");
    return expiry(String.join("\n", child.lastLines()))
        .map(expiry -> !Instant.now().isBefore(expiry))
        .orElse(true);
  }

  static Optional<Instant> expiry(String status) {
    Matcher matcher = EXPIRY.matcher(status);
    return matcher.find() ? Optional.of(Instant.parse(matcher.group(1))) : Optional.empty();
  }

  private void pair(Http server) {
    String token = accessToken(server);
    Http.Answer answer =
        call(() -> server.post("/v1/agents/pairing-codes", Optional.of(token), "{}"), "a code");
    String code = required(answer, "code", "make a pairing code");
    String edge = required(answer, "server_url", "make a pairing code");
    runOnce(List.of("pair", code, "--server", edge, "--name", "northgate-gateway"), "be paired");
  }

  private void addSource(Postgres customer) {
    List<String> arguments = new ArrayList<>(List.of("source", "add", SOURCE));
    arguments.addAll(List.of("--host", "127.0.0.1"));
    arguments.addAll(List.of("--port", Integer.toString(customer.port())));
    arguments.addAll(List.of("--database", DATABASE, "--user", "clarity_reader"));
    arguments.addAll(List.of("--password-file", data.path("demo/reader.password").toString()));
    runOnce(arguments, "add its source");
  }

  private void runOnce(List<String> arguments, String purpose) {
    Child child = oneOff(arguments, purpose);
    if (child.ended().join() != 0) {
      throw new StartFailedException(
          "The demo's agent could not %s. It said:\n  %s"
              .formatted(purpose, String.join("\n  ", child.lastLines())));
    }
  }

  /// Runs the agent's command to its end.
  private Child oneOff(List<String> arguments, String purpose) {
    Child child = Child.start(agent(arguments), agentLog::append);
    data.noteChild(child.pid());
    if (!child.endedWithin(ONE_OFF_PATIENCE)) {
      child.stop("KILL", Duration.ofSeconds(1));
      throw new StartFailedException("The demo's agent took too long to " + purpose + ".");
    }
    return child;
  }

  private String accessToken(Http server) {
    String password = data.password("demo/password");
    String account =
        """
        {"email":%s,"password":%s,"name":"Dana Demo","session":"token",
         "organization":{"name":%s,"industry":"food-and-beverage","region":"eu-west"}}
        """
            .formatted(Voice.quoted(EMAIL), Voice.quoted(password), Voice.quoted(WORKSPACE));
    Http.Answer registered =
        data.read("demo/registered").isPresent()
            ? new Http.Answer(409, "")
            : call(() -> server.post("/v1/auth/register", Optional.empty(), account), "an account");
    if (registered.status() != 409) {
      return required(registered, "access_token", "register the demo's owner");
    }
    String signIn =
        "{\"email\":%s,\"password\":%s,\"session\":\"token\"}"
            .formatted(Voice.quoted(EMAIL), Voice.quoted(password));
    return required(
        call(() -> server.post("/v1/auth/login", Optional.empty(), signIn), "a session"),
        "access_token",
        "sign in as the demo's owner");
  }

  @FunctionalInterface
  private interface Call {
    Http.Answer make() throws IOException;
  }

  private static Http.Answer call(Call call, String what) {
    try {
      return call.make();
    } catch (IOException e) {
      throw new StartFailedException(
          "The server did not answer when the demo asked for " + what + ": " + e.getMessage(), e);
    }
  }

  private static String required(Http.Answer answer, String field, String purpose) {
    return answer
        .field(field)
        .orElseThrow(
            () ->
                new StartFailedException(
                    "The demo could not %s: the server answered %d %s"
                        .formatted(purpose, answer.status(), answer.body())));
  }
}
