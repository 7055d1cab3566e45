package io.claritystream;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.net.Socket;
import java.net.URL;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.junit.jupiter.api.Test;

/// There is one way out of the server, and it is guarded: no class beside `base.outbound` opens a
/// connection to where others say. The drivers of PostgreSQL, Kafka and gRPC connect to what the
/// operator configures; nobody else sets them up by an address from a request.
class OutboundOnlyTests {

  private static final List<String> CLIENTS =
      List.of(
          "java.net.http.",
          "org.apache.hc.",
          "org.apache.http.",
          "okhttp3.",
          "org.eclipse.jetty.client.",
          "reactor.netty.",
          "io.netty.",
          "org.springframework.http.client.",
          "org.springframework.web.client.",
          "org.springframework.web.reactive.function.client.",
          "org.springframework.boot.restclient.",
          "org.springframework.boot.http.client.");

  /// Types alone: `RestClientException` and the like are no client.
  private static final DescribedPredicate<JavaClass> HTTP_CLIENT =
      describe("an HTTP client", type -> CLIENTS.stream().anyMatch(type.getFullName()::startsWith));

  private static final DescribedPredicate<JavaAccess<?>> OPENS_A_CONNECTION =
      describe("opens a connection", OutboundOnlyTests::opens);

  private static final JavaClasses SERVER =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.claritystream");

  private static final ArchRule NO_OTHER_CLIENT =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.claritystream.base.outbound..")
          .and()
          .resideInAnyPackage(
              "io.claritystream.base..",
              "io.claritystream.control..",
              "io.claritystream.stream..",
              "io.claritystream.insight..",
              "io.claritystream.maestro..")
          .should()
          .dependOnClassesThat(HTTP_CLIENT);

  private static final ArchRule NO_OTHER_CONNECTION =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.claritystream.base.outbound..")
          .and()
          .resideInAnyPackage(
              "io.claritystream.base..",
              "io.claritystream.control..",
              "io.claritystream.stream..",
              "io.claritystream.insight..",
              "io.claritystream.maestro..")
          .should()
          .accessTargetWhere(OPENS_A_CONNECTION);

  @Test
  void nobody_but_base_outbound_uses_an_http_client() {
    assertThat(SERVER.size()).isGreaterThan(300);
    NO_OTHER_CLIENT.check(SERVER);
  }

  @Test
  void nobody_but_base_outbound_opens_a_connection() {
    NO_OTHER_CONNECTION.check(SERVER);
  }

  @Test
  void the_rules_see_what_they_forbid() {
    JavaClasses examples =
        new ClassFileImporter().importClasses(OutboundOnlyTests.class, Opens.class);
    assertThat(
            examples.get(Opens.class).getAccessesFromSelf().stream()
                .filter(OPENS_A_CONNECTION)
                .map(access -> access.getTarget().getName()))
        .contains("openStream", "openConnection", "<init>", "open", "connect");
    assertThat(
            examples.get(Opens.class).getDirectDependenciesFromSelf().stream()
                .map(dependency -> dependency.getTargetClass())
                .filter(HTTP_CLIENT))
        .isNotEmpty();
  }

  private static boolean opens(JavaAccess<?> access) {
    AccessTarget target = access.getTarget();
    String name = target.getName();
    JavaClass owner = target.getOwner();
    if (owner.isAssignableTo(URL.class)) {
      return List.of("openStream", "openConnection", "getContent").contains(name);
    }
    if (owner.isAssignableTo(Socket.class)) {
      return name.equals("<init>") || name.equals("connect");
    }
    if (owner.isAssignableTo(SocketChannel.class)
        || owner.getFullName().equals("java.nio.channels.AsynchronousSocketChannel")
        || owner.getFullName().equals("java.nio.channels.DatagramChannel")) {
      return name.equals("open") || name.equals("connect");
    }
    return owner.getFullName().equals("javax.net.SocketFactory")
        || owner.getFullName().equals("javax.net.ssl.SSLSocketFactory")
        || owner.getFullName().equals("java.net.DatagramSocket");
  }

  /// What the rules are tried on.
  @SuppressWarnings("unused")
  private static final class Opens {
    static void all(URL url) throws Exception {
      url.openStream().close();
      url.openConnection().connect();
      new Socket("localhost", 1).close();
      SocketChannel.open().connect(null);
      java.net.http.HttpClient.newHttpClient().close();
    }
  }
}
