package io.claritystream;

import io.claritystream.base.db.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/// The server as it is shipped, on a free port and a database of its own. It runs the role `api`
/// unless told otherwise, so that it needs no Kafka.
public final class TestServer implements AutoCloseable {

  private final TestDatabase database;
  private final ConfigurableApplicationContext context;
  private final URI url;

  private TestServer(TestDatabase database, ConfigurableApplicationContext context) {
    this.database = database;
    this.context = context;
    String port = Objects.requireNonNull(context.getEnvironment().getProperty("local.server.port"));
    this.url = URI.create("http://localhost:" + port);
  }

  public static TestServer start() {
    return start(Map.of());
  }

  /// @param settings configuration beyond, or instead of, what a test needs
  public static TestServer start(Map<String, String> settings) {
    return start(settings, Clarity.class);
  }

  /// @param sources configuration classes; [Clarity] among them
  public static TestServer start(Map<String, String> settings, Class<?>... sources) {
    TestDatabase database = TestDatabase.create();
    Map<String, String> all = new LinkedHashMap<>(database.settings());
    all.put("server.port", "0");
    all.put("clarity.roles", "api");
    all.put("clarity.crypto.master-key-file", masterKeyFile().toString());
    all.put("logging.level.root", "WARN");
    all.put("springdoc.api-docs.enabled", "false");
    all.putAll(settings);
    String[] arguments =
        all.entrySet().stream()
            .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
            .toArray(String[]::new);
    return new TestServer(database, new SpringApplicationBuilder(sources).run(arguments));
  }

  public URI url() {
    return url;
  }

  public TestDatabase database() {
    return database;
  }

  public <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  public <T> T bean(String name, Class<T> type) {
    return context.getBean(name, type);
  }

  /// All of a type, by their names.
  public <T> Map<String, T> beans(Class<T> type) {
    return context.getBeansOfType(type);
  }

  /// What the server was told, or found by itself.
  public String setting(String key) {
    return Objects.requireNonNull(context.getEnvironment().getProperty(key), key);
  }

  public ApiClient client() {
    return new ApiClient(url);
  }

  private static Path masterKeyFile() {
    try {
      Path directory = Files.createTempDirectory(Path.of("target"), "keys-");
      return directory.resolve("master.key");
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  @Override
  public void close() {
    context.close();
    database.close();
  }
}
