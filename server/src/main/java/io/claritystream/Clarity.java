package io.claritystream;

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
    SpringApplication.run(Clarity.class, arguments);
  }
}
