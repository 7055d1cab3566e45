package io.claritystream.base.crypto;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// What an encrypted value is, and of what: it can be decrypted under this name only.
///
/// @param purpose a constant of the code, as `connection`
/// @param id the row it belongs to
public record EncryptionContext(String purpose, String id) {
  public EncryptionContext {
    if (purpose.isBlank() || id.isBlank()) {
      throw new IllegalArgumentException("a purpose and an id are needed");
    }
  }

  /// Each part after its length, so that no two contexts read alike.
  byte[] associatedData() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String part : new String[] {purpose, id}) {
      byte[] text = part.getBytes(StandardCharsets.UTF_8);
      bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(text.length).array());
      bytes.writeBytes(text);
    }
    return bytes.toByteArray();
  }
}
