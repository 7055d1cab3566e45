package io.claritystream.control.identity;

import io.claritystream.base.crypto.KeyMaintenance;
import io.claritystream.base.crypto.MasterKeyFault;
import io.claritystream.base.db.TenantId;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Tenants;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/// `admin …` on the command line: acts on a running platform through its database, without a web
/// server. It ends with 0 when it was done, 1 when it could not be, 2 when it was not understood.
public final class AdminCommand {

  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private final BeanFactory parts;
  private final PlatformPeople people;
  private final PrintStream out;
  private final PrintStream err;

  private AdminCommand(BeanFactory parts, PrintStream out, PrintStream err) {
    this.parts = parts;
    this.people = parts.getBean(PlatformPeople.class);
    this.out = out;
    this.err = err;
  }

  /// Runs one command with the configuration that the server has.
  public static int run(List<String> arguments, PrintStream out, PrintStream err) {
    return run(arguments, Map.of(), out, err);
  }

  static int run(
      List<String> arguments, Map<String, Object> settings, PrintStream out, PrintStream err) {
    if (arguments.isEmpty() || arguments.getFirst().equals("help")) {
      out.print(help());
      return arguments.isEmpty() ? MISUSED : DONE;
    }
    SpringApplicationBuilder application =
        new SpringApplicationBuilder(Beans.class)
            .web(WebApplicationType.NONE)
            .logStartupInfo(false)
            .registerShutdownHook(false)
            .properties(settings);
    // The server owns the schema; a command must not change it beneath one that runs. And what a
    // command does not need, such as the master key, need not be there.
    try (ConfigurableApplicationContext context =
        application.run(
            "--clarity.database.migrate=false",
            "--spring.main.lazy-initialization=true",
            "--logging.level.root=ERROR")) {
      return new AdminCommand(context, out, err).act(arguments);
    } catch (MasterKeyFault | BeansException fault) {
      err.println(sentence(fault));
      return FAILED;
    } catch (DataAccessException | TransactionException unreachable) {
      err.println(
          "The database did not answer: " + unreachable.getMostSpecificCause().getMessage());
      return FAILED;
    }
  }

  /// A file, so that `./clarity admin --help` can show it before anything is built.
  private static String help() {
    try (var text =
        Objects.requireNonNull(AdminCommand.class.getResourceAsStream("admin-usage.txt"))) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int act(List<String> arguments) {
    return switch (arguments) {
      case List<String> a when is(a, "grant") -> grant(a.getLast(), true);
      case List<String> a when is(a, "ungrant") -> grant(a.getLast(), false);
      case List<String> a when a.equals(List.of("user", "list")) -> list();
      case List<String> a when is(a, "user", "reset-password") -> resetPassword(a.getLast());
      case List<String> a when is(a, "reset-password") -> resetPassword(a.getLast());
      case List<String> a when is(a, "revoke-sessions") -> revokeSessions(a.getLast());
      case List<String> a when a.size() == 3 && a.getFirst().equals("plan") ->
          plan(a.get(1), a.getLast());
      case List<String> a when a.getFirst().equals("keys") -> {
        KeysCommand.Outcome outcome =
            new KeysCommand(() -> parts.getBean(OperatorKeys.class), out, err)
                .act(a.subList(1, a.size()));
        if (outcome == KeysCommand.Outcome.MISUSED) {
          err.println(misused(a));
        }
        yield switch (outcome) {
          case DONE -> DONE;
          case FAILED -> FAILED;
          case MISUSED -> MISUSED;
        };
      }
      default -> {
        err.println(misused(arguments));
        yield MISUSED;
      }
    };
  }

  /// What a person can act upon: of a part that could not be made, why.
  private static String sentence(RuntimeException fault) {
    Throwable cause = fault;
    while (cause instanceof BeansException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  /// A command that is known was given too little or too much.
  private static String misused(List<String> arguments) {
    var lines =
        help()
            .lines()
            .filter(line -> line.startsWith("admin " + arguments.getFirst() + " "))
            .map(line -> "./clarity " + line.replaceFirst("  .*", ""))
            .toList();
    return lines.isEmpty()
        ? "admin does not know " + arguments.getFirst() + "; ./clarity admin --help shows all"
        : "admin " + arguments.getFirst() + " is given as: " + String.join(", or ", lines);
  }

  private static boolean is(List<String> arguments, String... words) {
    return arguments.size() == words.length + 1
        && arguments.subList(0, words.length).equals(List.of(words));
  }

  private int grant(String email, boolean granted) {
    return Email.parse(email)
        .flatMap(known -> people.grant(known, granted))
        .map(
            changed -> {
              String state = granted ? "is internal_ops" : "is not internal_ops";
              out.println(email + " " + state + (changed ? " now." : " already."));
              return DONE;
            })
        .orElseGet(() -> nobody(email));
  }

  private int list() {
    for (PlatformPeople.Known person : people.list()) {
      out.printf(
          "%-40s %-12s since %s, last signed in %s  %s%n",
          person.email(),
          person.platformRole() == null ? "" : person.platformRole(),
          person.createdAt(),
          person.lastLoginAt() == null ? "never" : person.lastLoginAt(),
          person.name());
    }
    return DONE;
  }

  private int resetPassword(String email) {
    Optional<String> password =
        Email.parse(email)
            .flatMap(
                known -> people.resetPassword(known, new PasswordHashes(1), new SecureRandom()));
    return password
        .map(
            fresh -> {
              out.println(fresh);
              err.println("This is the new password of " + email + ". It is not shown again.");
              return DONE;
            })
        .orElseGet(() -> nobody(email));
  }

  private int revokeSessions(String email) {
    return Email.parse(email)
        .flatMap(people::revokeSessions)
        .map(
            ended -> {
              out.println(email + ": " + ended + " sessions ended.");
              return DONE;
            })
        .orElseGet(() -> nobody(email));
  }

  private int plan(String organization, String plan) {
    OperatorPlans operator = parts.getBean(OperatorPlans.class);
    List<String> plans = operator.plans();
    if (!plans.contains(plan)) {
      err.println("There is no plan " + plan + "; there are " + String.join(", ", plans) + ".");
      return FAILED;
    }
    boolean known;
    try {
      known = operator.set(TenantId.of(organization), plan);
    } catch (IllegalArgumentException noId) {
      known = false;
    }
    if (!known) {
      err.println("There is no organization with the id " + organization + ".");
      return FAILED;
    }
    out.println(organization + " is on the plan " + plan + " now.");
    return DONE;
  }

  private int nobody(String email) {
    err.println("There is no account " + email + ".");
    return FAILED;
  }

  /// The few parts that a command needs. Not marked as a configuration, so that the server, which
  /// scans this package, does not take it for one of its own.
  @ComponentScan({
    "io.claritystream.base.crypto",
    "io.claritystream.base.db",
    "io.claritystream.base.process",
    "io.claritystream.control.audit",
    "io.claritystream.control.tenancy"
  })
  static class Beans {

    @Bean
    JsonMapper jsonMapper() {
      return JsonMapper.shared();
    }

    @Bean
    PlatformPeople platformPeople(
        @Qualifier("admin") JdbcClient admin,
        @Qualifier("admin") TransactionTemplate transactions,
        AuditLog audit,
        Clock clock) {
      return new PlatformPeople(admin, transactions, audit, operator(), clock);
    }

    @Bean
    OperatorKeys operatorKeys(
        KeyMaintenance keys, @Qualifier("admin") JdbcClient admin, AuditLog audit, Clock clock) {
      return new OperatorKeys(keys, admin, audit, operator(), clock);
    }

    @Bean
    OperatorPlans operatorPlans(
        @Qualifier("admin") JdbcClient admin,
        @Qualifier("admin") TransactionTemplate transactions,
        Tenants tenants,
        AuditLog audit,
        Clock clock) {
      return new OperatorPlans(admin, transactions, tenants, audit, operator(), clock);
    }

    private static String operator() {
      return "operator " + System.getProperty("user.name", "unknown");
    }
  }
}
