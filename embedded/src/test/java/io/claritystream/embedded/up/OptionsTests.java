package io.claritystream.embedded.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OptionsTests {
  @Test
  void without_a_word_it_listens_on_this_machine_alone_and_shows_the_demo() {
    Options options = read();
    assertThat(options.bind()).isEqualTo("127.0.0.1");
    assertThat(options.port()).isEqualTo(8080);
    assertThat(options.demo()).isTrue();
    assertThat(options.json()).isFalse();
    assertThat(options.data()).isEqualTo(Path.of("data").toAbsolutePath());
  }

  @Test
  void every_option_is_heard() {
    Options options =
        read("--data", "/a b", "--port", "81", "--edge-port", "82", "--no-demo", "--json");
    assertThat(options.data()).isEqualTo(Path.of("/a b"));
    assertThat(options.port()).isEqualTo(81);
    assertThat(options.edgePort()).contains(82);
    assertThat(options.demo()).isFalse();
    assertThat(options.json()).isTrue();
  }

  @Test
  void an_option_it_does_not_know_is_named() {
    assertThat(misread("--wat")).contains("--wat");
  }

  @Test
  void a_value_that_is_missing_is_named() {
    assertThat(misread("--data")).isEqualTo("--data needs a value.");
  }

  @Test
  void a_port_is_a_number_of_a_port() {
    assertThat(misread("--port", "70000")).contains("--port", "65535", "70000");
    assertThat(misread("--port", "http")).contains("http");
  }

  @Test
  void an_address_bound_to_everything_is_reached_on_this_machine() {
    assertThat(read("--bind", "0.0.0.0").reachedAt()).isEqualTo("127.0.0.1");
    assertThat(read("--bind", "127.0.0.1").host()).isEqualTo("localhost");
  }

  @Test
  void a_public_url_is_where_a_browser_finds_it() {
    assertThat(read("--port", "81").url()).isEqualTo("http://localhost:81");
    assertThat(read("--public-url", "https://clarity.example.com/").url())
        .isEqualTo("https://clarity.example.com");
    assertThat(misread("--public-url", "clarity.example.com")).contains("--public-url");
    assertThat(misread("--public-url", "https://clarity.example.com/app")).contains("/app");
    assertThat(misread("--public-url", "ftp://clarity.example.com")).contains("ftp:");
  }

  @Test
  void whoever_listens_beyond_this_machine_without_https_is_told_that_sign_in_needs_it() {
    assertThat(read().signInNeeds()).isEmpty();
    assertThat(read("--bind", "0.0.0.0").signInNeeds().orElse(""))
        .contains("https", "--public-url");
    assertThat(
            read("--bind", "0.0.0.0", "--public-url", "https://clarity.example.com").signInNeeds())
        .isEmpty();
  }

  private static Options read(String... args) {
    assertThat(Options.read(args)).isInstanceOf(Options.Read.class);
    return ((Options.Read) Options.read(args)).options();
  }

  private static String misread(String... args) {
    assertThat(Options.read(args)).isInstanceOf(Options.Misread.class);
    return ((Options.Misread) Options.read(args)).sentence();
  }
}
