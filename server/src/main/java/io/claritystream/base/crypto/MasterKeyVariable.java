package io.claritystream.base.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/// An environment variable that holds a master keyset: Tink's JSON in base64.
final class MasterKeyVariable {

  /// Throws [MasterKeyFault] if it is not there or holds something else.
  static KeyEncryptionKey read(String name, Map<String, String> environment) {
    String place = "The environment variable " + name;
    String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new MasterKeyFault(
          place
              + " is not set, but the configuration says that it holds the master key; set it to"
              + " the base64 of a master key file.");
    }
    String remedy = "set it to the base64 of a master key file.";
    String text;
    try {
      text = new String(Base64.getMimeDecoder().decode(value.strip()), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException noBase64) {
      // Its cause could quote the value.
      throw new MasterKeyFault(place + " does not hold base64; " + remedy);
    }
    return MasterKeyset.parse(text, place, remedy);
  }

  private MasterKeyVariable() {}
}
