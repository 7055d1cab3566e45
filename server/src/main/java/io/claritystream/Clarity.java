package io.claritystream;

import io.claritystream.control.identity.AdminCommand;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;

/// The platform: one program that runs every part, or those that `clarity.roles` names.
@SpringBootApplication(
    scanBasePackages = {
      "io.claritystream.base",
      "io.claritystream.control",
      "io.claritystream.stream",
      "io.claritystream.insight",
      "io.claritystream.maestro"
    },
    exclude = {DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class},
    proxyBeanMethods = false)
public class Clarity {

  public static void main(String[] arguments) {
    if (arguments.length > 0 && arguments[0].equals("admin")) {
      List<String> command = List.of(arguments).subList(1, arguments.length);
      System.exit(AdminCommand.run(command, System.out, System.err));
    }
    SpringApplication.run(Clarity.class, arguments);
  }
}
