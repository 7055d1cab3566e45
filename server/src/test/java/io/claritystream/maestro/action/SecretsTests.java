package io.claritystream.maestro.action;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class SecretsTests {

  @Provide
  Arbitrary<String> secret() {
    return Arbitraries.strings()
        .withCharRange('!', '~')
        .withChars('ä', '€', '"', '\\', '/', '+', ' ')
        .ofMinLength(8)
        .ofMaxLength(60);
  }

  @Provide
  Arbitrary<String> text() {
    return Arbitraries.strings().withCharRange(' ', '~').ofMaxLength(40);
  }

  @Property
  void a_secret_in_any_of_its_forms_within_any_text_does_not_remain(
      @ForAll("secret") String secret,
      @ForAll("text") String before,
      @ForAll("text") String after) {
    var secrets = new Secrets(List.of(secret));
    var url = URLEncoder.encode(secret, StandardCharsets.UTF_8);
    var json = Json.write(secret);
    for (var form :
        List.of(
            secret,
            url,
            url.replace("+", "%20"),
            json.substring(1, json.length() - 1),
            json.substring(1, json.length() - 1).replace("/", "\\/"))) {
      assertThat(secrets.without(before + form + after)).doesNotContain(form);
    }
  }

  @Property
  void a_secret_within_what_was_encoded_in_base64_cannot_be_decoded_again(
      @ForAll("secret") String secret,
      @ForAll("text") String before,
      @ForAll("text") String after) {
    var secrets = new Secrets(List.of(secret));
    var bytes = (before + secret + after).getBytes(StandardCharsets.UTF_8);
    for (var encoder :
        List.of(
            Base64.getEncoder(),
            Base64.getEncoder().withoutPadding(),
            Base64.getUrlEncoder(),
            Base64.getUrlEncoder().withoutPadding())) {
      var left = secrets.without(encoder.encodeToString(bytes));
      assertThat(left).contains(Secrets.REDACTED);
    }
  }

  @Property
  void a_secret_anywhere_in_plain_json_does_not_remain(
      @ForAll("secret") String secret, @ForAll("text") String before) {
    var secrets = new Secrets(List.of(secret));
    var value =
        Map.of(
            "list",
            List.of(before + secret, Map.of(before + secret + before, secret)),
            "number",
            1L);
    var left = Json.write(secrets.without((Object) value));
    var json = Json.write(secret);
    assertThat(left).doesNotContain(json.substring(1, json.length() - 1));
  }

  @Test
  void a_secret_of_digits_does_not_remain_as_a_number() {
    assertThat(new Secrets(List.of("12345678")).without((Object) Map.of("n", 12_345_678L)))
        .isEqualTo(Map.of("n", Secrets.REDACTED));
  }

  @Test
  void of_several_secrets_one_that_holds_another_goes_whole() {
    var secrets = new Secrets(List.of("abcdefgh", "xxabcdefghyy"));
    assertThat(secrets.without("-xxabcdefghyy-abcdefgh-"))
        .isEqualTo("-" + Secrets.REDACTED + "-" + Secrets.REDACTED + "-");
  }
}
